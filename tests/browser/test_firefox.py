"""One life of a picture in Firefox, driven by Mozilla's own Marionette.

Playwright's Firefox is a build of its own, which nobody has, and its way to a real one asks for
what a Firefox with long support does not know yet.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import PASSWORD
from tests.browser.visitor import ANSWER
from tests.lesions import picture

with warnings.catch_warnings():
    # A part of it asks for the name of the system in a way that is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from marionette_driver import By, Wait
    from marionette_driver.marionette import HTMLElement, Marionette

#: It leaves the sockets to the system by which it asked whether Firefox is there yet.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
#: A site that other tests keep busy answers within so many seconds.
PATIENCE = 60


@pytest.fixture
def firefox(tmp_path) -> Iterator[Marionette]:
    if not os.environ.get("FIREFOX"):
        pytest.exit("FIREFOX must name a Firefox. Run: make test-browser", returncode=1)
    browser = Marionette(
        bin=os.environ["FIREFOX"],
        headless=True,
        startup_timeout=PATIENCE,
        gecko_log=str(tmp_path / "firefox.log"),
        # Firefox asks its maker's servers for nothing.
        prefs={"app.normandy.enabled": False, "network.captive-portal-service.enabled": False},
    )
    browser.start_session()
    yield browser
    browser.delete_session()
    browser.cleanup()


class Reader:
    """A person reads pages in Firefox, and clicks what bears a name."""

    def __init__(self, firefox: Marionette, address: str) -> None:
        self.firefox, self.address = firefox, address

    def open(self, path: str) -> None:
        self.firefox.navigate(self.address + path)

    def find(self, way: str, what: str) -> HTMLElement:
        def displayed(page: Marionette) -> HTMLElement | None:
            found = page.find_elements(way, what)
            return next((element for element in found if element.is_displayed()), None)

        return self.wait(displayed)

    def click(self, text: str) -> None:
        self.find(
            By.XPATH, f"//*[self::a or self::button or self::h2][normalize-space()='{text}']"
        ).click()

    def write(self, name: str, text: str) -> None:
        self.find(By.NAME, name).send_keys(text)

    def wait(self, until: Callable[[Marionette], Any]) -> Any:
        return Wait(self.firefox, PATIENCE).until(until)

    def reads(self, pattern: str | re.Pattern[str]) -> None:
        self.wait(lambda page: re.search(pattern, page.find_element(By.TAG_NAME, "body").text))


def test_a_picture_is_sent_watched_looked_at_closely_and_deleted(firefox, site, tmp_path: Path):
    reader = Reader(firefox, site.address)
    mole = tmp_path / "mole.jpg"
    mole.write_bytes(picture(size=(640, 480), seed=3))

    reader.open("/")
    reader.click("Create an account")
    reader.write("email", "firefox@example.org")
    reader.write("password1", PASSWORD)
    reader.write("password2", PASSWORD)
    reader.click("Sign Up")
    reader.reads("Upload a picture")
    firefox.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(mole))
    reader.click("Analyse")
    reader.wait(lambda page: "/results/" in page.get_url())
    reader.reads(ANSWER)
    reader.reads("This is not a diagnosis")

    reader.click("Why the network says this")
    reader.reads("What it could be")
    before = firefox.find_element(By.CSS_SELECTOR, ".viewer img").rect["width"]
    firefox.find_element(By.CSS_SELECTOR, ".zoom button").click()
    reader.wait(
        lambda page: page.find_element(By.CSS_SELECTOR, ".viewer img").rect["width"] > before
    )

    reader.click("History")
    reader.reads("1 picture")
    reader.find(By.CSS_SELECTOR, "[aria-label='Delete mole.jpg']").click()
    reader.click("Delete for good")
    reader.reads("Nothing here yet")
