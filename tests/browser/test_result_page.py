"""The page of a result is understood at a glance, is light, and holds still when it arrives."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import ANSWER, assert_good, sign_up

#: The screen of a desk and that of a phone, and how tall the page may be before anything is opened.
DESK, PHONE = (1280, 800), (390, 844)
TALLEST = {DESK: 2200, PHONE: 3000}
MATTERS = ["h1", ".answer .lead", ".next", ".answer .notice:has-text('This is not a diagnosis.')"]
#: A page of a result asks for so much at most, but for the picture.
REQUESTS, BYTES = 12, 350_000
#: Half of the sum of layout shifts that counts as good (web.dev/articles/cls).
SHIFT = 0.05
ANSWERS = {
    "malignant": ("malignant", 0.93),
    "leans malignant": ("uncertain", 0.71),
    "leans benign": ("uncertain", 0.3),
    "worth a look": ("benign", 0.3),
    "benign": ("benign", 0.0003),
}


@pytest.fixture
def result(page: Page, lesion, choose) -> Page:
    sign_up(page)
    choose(lesion(seed=2))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=60_000)
    return page


def size_of(screen: tuple[int, int]) -> dict[str, int]:
    return {"width": screen[0], "height": screen[1]}


def test_the_first_screen_holds_all_that_matters_whatever_the_answer(result: Page, site):
    key = result.url.rstrip("/").rpartition("/")[2].replace("-", "")
    for name, (verdict, probability) in ANSWERS.items():
        with site.database() as database:
            database.execute(
                "UPDATE classifier_prediction SET verdict = ?, malignant_probability = ? "
                "WHERE submission_id = ?",
                (verdict, probability, key),
            )
        for screen, tallest in TALLEST.items():
            result.set_viewport_size(size_of(screen))
            result.goto(result.url.partition("#")[0])
            for selector in (*MATTERS, ".photo"):
                box = result.locator(selector).bounding_box()
                ends = box["y"] + box["height"]
                assert ends <= screen[1], f"{selector} ends at {ends} on {screen}: {name}"
            height = result.evaluate("document.documentElement.scrollHeight")
            assert height <= tallest, f"{height} on {screen}: {name}"


def test_the_picture_stays_in_sight_on_a_desk_and_comes_first_on_a_phone(result: Page):
    result.set_viewport_size(size_of(PHONE))
    top = {name: result.locator(name).bounding_box()["y"] for name in (".photo", "h1")}
    assert top[".photo"] < top["h1"]
    assert result.locator(".viewer").bounding_box()["height"] <= 0.35 * PHONE[1]
    result.set_viewport_size(size_of(DESK))
    result.get_by_text("Why the network says this").click()
    result.get_by_text("Signs that matter more").click()
    result.locator("#network").scroll_into_view_if_needed()
    assert result.evaluate("window.scrollY") > 200
    expect(result.locator(".photo")).to_be_in_viewport(ratio=0.9)


def test_a_section_opens_by_its_address_by_a_link_and_by_keys(result: Page):
    section = result.locator("#warning-signs")
    expect(section.locator("ul")).to_be_hidden()
    address = result.url
    result.goto(f"{address}#warning-signs")
    result.reload()
    expect(section.locator("ul")).to_be_visible()
    expect(section).to_be_in_viewport()
    result.goto(address)
    result.get_by_role("link", name="warning signs").click()
    expect(section.locator("ul")).to_be_visible()
    summary = section.locator("summary")
    summary.focus()
    result.keyboard.press("Enter")
    expect(section.locator("ul")).to_be_hidden()
    # The link leads there again, though the address stays the same.
    result.get_by_role("link", name="warning signs").click()
    expect(section.locator("ul")).to_be_visible()


def test_the_page_is_light(result: Page):
    asked: list = []
    result.on("requestfinished", lambda request: asked.append(request))
    result.reload(wait_until="networkidle")
    but_the_picture = [one for one in asked if not one.url.endswith(("/copy/", "/image/"))]
    loaded = sum(one.sizes()["responseBodySize"] for one in but_the_picture)
    addresses = "\n".join(one.url for one in but_the_picture)
    assert len(but_the_picture) <= REQUESTS, addresses
    assert loaded <= BYTES, addresses


@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_nothing_jumps_when_the_result_arrives(
    page: Page, lesion, choose, worker_halted, screen: tuple[int, int]
):
    page.set_viewport_size(size_of(screen))
    sign_up(page)
    choose(lesion("first.jpg", seed=3))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=60_000)
    page.get_by_role("link", name="Another picture").click()
    page.add_init_script(
        "window.shifted = 0;"
        "new PerformanceObserver(list => { for (const entry of list.getEntries())"
        " window.shifted += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    with worker_halted():
        choose(lesion("second.jpg", seed=2))
        page.get_by_role("button", name="Analyse").click()
        page.wait_for_url("**/results/**")
        expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=60_000)
    # Two frames later all that moves has moved.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifted") < SHIFT


def test_a_print_has_two_pages(result: Page):
    printed = result.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    result.emulate_media(media="print")
    for name in ("h1", ".next", ".photo"):
        expect(result.locator(name)).to_be_visible()
    for name in (".header", ".zoom", "#why"):
        expect(result.locator(name)).to_be_hidden()
    result.emulate_media(media="screen")
    expect(result.locator("#measured .measures")).to_be_hidden()


def test_all_sections_are_accessible_when_they_are_open(result: Page):
    for summary in result.locator(".section > summary").all():
        summary.click()
    for screen in (DESK, PHONE):
        result.set_viewport_size(size_of(screen))
        for colours in ("light", "dark"):
            result.emulate_media(color_scheme=colours)
            assert_good(result)
