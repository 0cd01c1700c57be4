"""A person finds pictures in their history again, and does something with several of them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import assert_good, sign_up


def names_in(file: Path) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        return {name.split("/")[0] for name in archive.namelist()}


def test_pictures_are_found_by_a_note_and_deleted_together(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion("one.jpg", 1), lesion("two.jpg", 2), lesion("three.jpg", 3))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_text("3 of 3 accepted.")).to_be_visible()
    page.get_by_role("link", name="See the result of two.jpg").click()
    page.get_by_text("Your note", exact=True).click()
    note = page.get_by_role("textbox", name="Your note on this picture")
    expect(note).to_have_accessible_description(re.compile("Only you and .* can read it"))
    note.fill("On the left arm.")
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    expect(note).to_have_value("On the left arm.")
    assert_good(page)

    page.get_by_role("link", name="History", exact=True).click()
    page.get_by_label("Name or note").fill("ARM left")
    page.get_by_label("Name or note").press("Enter")
    expect(page.get_by_text("1 picture with these filters.")).to_be_visible()
    expect(page.get_by_role("link", name="Result of two.jpg")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.get_by_role("link", name="Grid").click()
    expect(page.get_by_role("link", name="Grid")).to_have_attribute("aria-current", "true")

    export = page.get_by_role("button", name="Export the chosen ones")
    expect(export).to_be_disabled()
    page.get_by_role("button", name="Choose all on this page").click()
    expect(page.get_by_text("3 of 3 chosen")).to_be_visible()
    page.get_by_label("Choose two.jpg").uncheck()
    expect(page.get_by_text("2 of 3 chosen")).to_be_visible()
    with page.expect_download() as download:
        export.click()
    assert {"results.json", "results.csv", "pictures"} <= names_in(download.value.path())
    page.get_by_role("button", name="Delete the chosen ones").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 2 pictures?")
    assert_good(page)
    page.get_by_role("button", name="Delete 2 pictures for good").click()
    expect(page.get_by_text("2 pictures are deleted")).to_be_visible()
    expect(page.get_by_role("link", name="Result of")).to_have_count(1)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_too(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion("one.jpg", 1), lesion("two.jpg", 2))
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/history/")
    page.get_by_role("button", name="Delete the chosen ones").click()
    expect(page.get_by_text("Choose one or more of your pictures first.")).to_be_visible()
    page.get_by_label("Choose one.jpg").check()
    page.get_by_role("button", name="Delete the chosen ones").click()
    page.get_by_role("button", name="Delete 1 picture for good").click()
    expect(page.get_by_text("1 picture is deleted")).to_be_visible()
    page.get_by_role("link", name="Result of two.jpg").click()
    page.get_by_text("Your note", exact=True).click()
    page.get_by_label("Your note on this picture").fill("On the left arm.")
    page.get_by_role("button", name="Save the note").click()
    page.wait_for_url("**/results/*/#note")
    expect(page.get_by_label("Your note on this picture")).to_have_value("On the left arm.")
