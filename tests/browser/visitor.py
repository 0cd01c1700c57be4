"""These functions do what a person does at a browser, and check what they may expect of a page."""

from __future__ import annotations

import re
from itertools import count

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import PASSWORD

ANSWER = re.compile("The network says: (benign|malignant|not sure)")
REJECTED = "This picture could not be judged"

_numbers = count()


def sign_up(page: Page) -> str:
    """Make an account through the form and return its address; ends on the upload page."""
    email = f"person{next(_numbers)}@example.org"
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    page.wait_for_url("/upload/")
    return email


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill the log-in form of the page that is open."""
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign In", exact=True).click()


def wait_without_javascript(page: Page) -> None:
    """Reload the page of a result until it has come."""
    for _ in range(100):
        if ANSWER.search(page.get_by_role("heading", level=1).inner_text()):
            break
        page.wait_for_timeout(100)
        page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER)


def assert_fits(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{page.url} is {width} pixels wide"


def assert_good(page: Page) -> None:
    """Check that the page fits the screen and breaks no rule of accessibility of axe-core."""
    assert_fits(page)
    found = Axe().run(page)
    screen = f"{page.url} at {page.viewport_size}"
    assert found.violations_count == 0, f"{screen}\n{found.generate_report()}"
