"""A person uses the site, from sign-up to deletion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import ANSWER, assert_good, sign_up, wait_without_javascript

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def percents(page: Page, name: str) -> float:
    """Return the sum of a list of probabilities, or 0 where there is no list."""
    shares = page.get_by_role("list", name=name).locator(".line strong")
    return sum(float(text.removesuffix(" %")) for text in shares.all_inner_texts())


@pytest.mark.parametrize(
    "screen",
    ["desktop", pytest.param("phone", marks=pytest.mark.browser_context_args(**PHONE))],
)
def test_a_picture_is_sent_watched_found_in_the_history_and_deleted(
    page: Page, lesion, choose, worker_halted, screen
):
    sign_up(page)
    with worker_halted():
        choose(lesion())
        page.get_by_role("button", name="Analyse").click()
        page.wait_for_url("**/results/**")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Your picture is waiting for its turn"
        )
        assert_good(page)
        page.evaluate("window.neverReloaded = true")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(ANSWER, timeout=30_000)
    expect(page.locator("#announcement")).to_contain_text("The result is here")
    assert page.evaluate("window.neverReloaded")
    # The page has stopped asking for news.
    assert page.locator("[hx-get]").count() == 0
    expect(page.get_by_text("This is not a diagnosis.")).to_be_visible()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
    page.get_by_role("heading", name="Why the network says this").click()
    assert percents(page, "Benign or malignant") == pytest.approx(100)
    more = page.get_by_text("Less likely:")
    if more.count():
        more.click()
    likely, unlikely = "What it could be", "Less likely diagnoses"
    assert percents(page, likely) + percents(page, unlikely) == pytest.approx(100)
    assert_good(page)
    page.get_by_role("heading", name="How the network was measured").click()
    with page.expect_navigation():
        page.get_by_role("link", name="how it was made and measured").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^lesion-net "))
    page.go_back()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("1 picture.")).to_be_visible()
    page.get_by_role("link", name="Delete mole.jpg").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The picture and its result are deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


def test_a_picture_that_failed_says_why_and_can_be_tried_again(page: Page, lesion, choose, site):
    sign_up(page)
    choose(lesion("unlucky.jpg"))
    page.get_by_role("button", name="Analyse").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(ANSWER, timeout=30_000)
    with site.database() as database:
        database.execute(
            "UPDATE classifier_submission SET status = 'failed', failure = 'gave_up' "
            "WHERE original_name = 'unlucky.jpg'"
        )
    page.reload()
    expect(heading).to_have_text("There is no result for this picture")
    expect(page.get_by_text("Something went wrong on our side, more than once.")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Try again").click()
    expect(heading).to_have_text(ANSWER, timeout=30_000)


def test_wrong_files_are_refused_before_they_are_sent(page: Page, choose):
    sign_up(page)
    choose({"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    expect(page.get_by_role("alert")).to_contain_text("letter.pdf: This is not a picture")
    expect(page.get_by_role("button", name="Analyse")).to_be_disabled()


def test_several_pictures_with_one_removed_and_one_dropped(
    page: Page, lesion, choose, worker_halted
):
    sign_up(page)
    choose(lesion("one.jpg", 1), lesion("two.jpg", 2))
    page.get_by_role("button", name="Remove one.jpg").click()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 64;
            const bytes = atob(canvas.toDataURL("image/png").split(",")[1]);
            const content = Uint8Array.from(bytes, (c) => c.charCodeAt(0));
            data.items.add(new File([content], "dropped.png", { type: "image/png" }));
            const event = new DragEvent("drop", { dataTransfer: data, bubbles: true });
            document.querySelector("[data-drop]").dispatchEvent(event);
        }"""
    )
    rows = page.get_by_role("list", name="Chosen pictures").get_by_role("listitem")
    expect(rows).to_have_count(2)
    with worker_halted():
        page.get_by_role("button", name="Analyse").click()
        expect(page.get_by_text("2 of 2 accepted.")).to_be_visible()
        page.get_by_role("link", name="History", exact=True).click()
        expect(page.get_by_text("2 pictures are being analysed.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Result of"))).to_have_count(2)


def test_filters_narrow_the_history(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion())
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_text("Filter and sort").click()
    page.get_by_label("State").select_option("Failed")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("link", name="Result of mole.jpg")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_a_picture_is_sent_seen_and_deleted_without_javascript(page: Page, lesion, choose):
    sign_up(page)
    bad = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no pixels"}
    choose(lesion(), bad)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "notes.txt: This is not a picture we can read"
    )
    page.get_by_role("link", name="mole.jpg").click()
    wait_without_javascript(page)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


def test_a_picture_is_sent_by_keyboard_alone(page: Page, lesion):
    # The dialog must be intercepted from the start: when that begins only with the key, it comes
    # too late at times.
    page.on("filechooser", lambda chooser: None)
    sign_up(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Choose pictures")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([lesion()])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Remove mole.jpg")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_text("I know the scale of my pictures")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Analyse")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
