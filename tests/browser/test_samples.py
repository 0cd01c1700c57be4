"""A stranger sees a result, and tries the site with the same picture."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.visitor import sign_up


def test_a_stranger_sees_a_result_and_then_sends_a_sample_in(page: Page):
    page.goto("/")
    expect(page.get_by_role("heading", name="The network says: malignant")).to_be_visible()
    page.get_by_role("link", name="See the whole result").click()
    page.wait_for_url("**/samples/melanoma/")
    expect(page.get_by_role("heading", level=1)).to_have_text("The network says: malignant")
    assert page.context.cookies() == []
    sign_up(page)
    page.goto("/history/")
    page.get_by_role("button", name="Send this melanoma").press("Enter")
    page.wait_for_url("**/results/**")
    said = page.get_by_role("heading", level=1)
    expect(said).to_have_text("The network says: malignant", timeout=30_000)
    expect(page.locator(".headline")).to_contain_text("83.0 % confident")


def test_a_sample_needs_no_scripts(browser: Browser, base_url: str):
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/samples/nevus/")
        heat_map = page.get_by_alt_text(re.compile("^Heat map over the picture"))
        expect(heat_map).to_be_hidden()
        page.get_by_label("Heat map", exact=True).press("Space")
        expect(heat_map).to_be_visible()
        page.get_by_text("What was measured in the picture").click()
        expect(page.get_by_text("Asymmetry", exact=True)).to_be_visible()
