"""What holds on every page: it fits the screen and breaks no rule of accessibility."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_up

PUBLIC = [
    "/",
    "/about/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/no-such-page",
]
PRIVATE = ["/upload/", "/history/", "/accounts/email/", "/accounts/password/change/"]

SIZES = {"small phone": (360, 740), "phone": (390, 844), "desktop": (1440, 900)}


def assert_good(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{page.url} is {width} pixels wide"
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


@pytest.fixture(params=SIZES, autouse=True)
def _size(request, page: Page) -> None:
    width, height = SIZES[request.param]
    page.set_viewport_size({"width": width, "height": height})


@pytest.fixture(params=["light", "dark"], autouse=True)
def _colours(request, page: Page) -> None:
    page.emulate_media(color_scheme=request.param)


def test_pages_for_everybody(page: Page):
    for path in PUBLIC:
        page.goto(path)
        assert_good(page)


def test_pages_for_a_person(page: Page, lesion, choose):
    sign_up(page)
    for path in PRIVATE:
        page.goto(path)
        assert_good(page)
    page.goto("/upload/")
    choose(lesion(), lesion("a-very-long-name-" * 6 + ".jpg", 1))
    assert_good(page)
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/history/")
    assert_good(page)
    page.get_by_role("link", name="Result of mole.jpg").click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible(timeout=30_000)
    assert_good(page)
    page.get_by_role("link", name="Delete").click()
    assert_good(page)
