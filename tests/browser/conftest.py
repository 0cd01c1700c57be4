"""The real site in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests import PASSWORD
from tests.lesions import picture
from tests.site import Site

_people = count()


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def base_url(site) -> str:
    return site.address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    if not os.environ.get("CHROMIUM"):
        pytest.fail("CHROMIUM must name a Chromium. Run these tests by: make test-browser")
    # Without the last ones Chromium asks its maker's servers for updates.
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    return browser_type_launch_args | {
        "executable_path": os.environ["CHROMIUM"],
        "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", *quiet],
    }


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which any complaint of the browser, of a blocked inline style say, is a failure."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    # A rejected upload is a 4xx by design, and Chromium notes every one.
    assert [c for c in complaints if "the server responded with a status of 4" not in c] == []


def sign_up(page: Page) -> None:
    """Make an account through the form; ends on the upload page."""
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Email", exact=True).fill(f"person{next(_people)}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    page.wait_for_url("**/upload/")


@pytest.fixture
def lesion():
    """Return a generated picture as a file to choose."""

    def make(name: str = "mole.jpg", seed: int = 0) -> dict:
        content = picture(size=(640, 480), seed=seed)
        return {"name": name, "mimeType": "image/jpeg", "buffer": content}

    return make


@pytest.fixture
def choose(page: Page):
    return lambda *files: page.get_by_label("Choose pictures").set_input_files(list(files))
