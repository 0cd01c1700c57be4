"""What a person does on the site, from sign-up to deletion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_up

ANSWER = re.compile("The network says: (benign|malignant)")


def test_upload_watch_history_and_delete(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion())
    expect(page.get_by_role("list", name="Chosen pictures")).to_contain_text("mole.jpg")
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/results/**")
    # Without a reload: the page asks by itself, and stops asking.
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
    expect(page.get_by_text("This is not a diagnosis.")).to_be_visible()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
    assert page.locator("[hx-get]").count() == 0
    shares = page.get_by_role("list", name="Probability of each class").locator("strong")
    assert sum(float(text.removesuffix(" %")) for text in shares.all_inner_texts()) == 100
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("1 picture.")).to_be_visible()
    page.get_by_role("link", name="Delete mole.jpg").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The picture and its result are deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


def test_a_bad_file_is_named_and_the_good_one_beside_it_goes_through(page: Page, lesion, choose):
    sign_up(page)
    bad = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"these are no pixels"}
    choose(lesion("good.jpg"), bad)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "notes.jpg: This is not a picture we can read"
    )
    page.get_by_role("link", name="good.jpg").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)


def test_wrong_files_are_refused_before_they_are_sent(page: Page, choose):
    sign_up(page)
    choose({"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    expect(page.get_by_role("alert")).to_contain_text("letter.pdf: This is not a picture")
    expect(page.get_by_role("button", name="Analyse")).to_be_disabled()


def test_several_pictures_with_one_removed_and_one_dropped(page: Page, lesion, choose):
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
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/history/")
    expect(page.get_by_text("2 pictures are being analysed.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Result of"))).to_have_count(2)


def test_filters_narrow_the_history(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion())
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_label("State").select_option("Failed")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("link", name="Result of mole.jpg")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript(page: Page, lesion, choose):
    sign_up(page)
    bad = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no pixels"}
    choose(lesion(), bad)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "notes.txt: This is not a picture we can read"
    )
    page.get_by_role("link", name="mole.jpg").click()
    heading = page.get_by_role("heading", level=1)
    for _ in range(100):
        if ANSWER.search(heading.inner_text()):
            break
        page.wait_for_timeout(100)
        page.reload()
    expect(heading).to_have_text(ANSWER)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


def test_by_keyboard_alone(page: Page, lesion):
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
    expect(page.get_by_role("button", name="Analyse")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
