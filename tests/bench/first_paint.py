"""This times in a real Chromium how soon the history of a person shows something."""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.bench.upload import wait_until_done
from tests.lesions import judged
from tests.site import Client, Site

PICTURES = 50
AT_ONCE = 10
VISITS = 9
#: The browser's own account of a page that it has opened, in milliseconds.
TIMELINE = """() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    loaded: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""
#: A page may paint after it counts as loaded, and no script can ask for that before.
PAINTED = "performance.getEntriesByName('first-contentful-paint').length"
ROW = f"history of {PICTURES} pictures in Chromium"
Row = tuple[str, str, str]


def measure(data_dir: Path) -> Iterator[Row]:
    """Open the history of a site in ``data_dir``, where there is a Chromium to open it with."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or not importlib.util.find_spec("playwright"):
        yield ROW, "not measured: needs Chromium, and make test-browser once", "< 150 ms"
        return
    with Site(data_dir) as site:
        client = Client(site.address)
        client.sign_up("bench@example.org")
        for first in range(0, PICTURES, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            client.upload([(f"lesion-{number}.jpg", judged(number)) for number in numbers])
            wait_until_done(data_dir, first + AT_ONCE)
        timelines = _visit(chromium, client)
    for name, words in (("paint", "first paint"), ("loaded", "DOMContentLoaded")):
        median = statistics.median(timeline[name] for timeline in timelines)
        goal = "< 150 ms" if name == "paint" else ""
        yield f"{ROW}, {words}, median", f"{median:.0f} ms", goal


def _visit(chromium: str, client: Client) -> list[dict[str, float]]:
    from playwright.sync_api import sync_playwright  # not everybody who runs this has it

    cookies = [
        {"name": cookie.name, "value": cookie.value, "url": client.address}
        for cookie in client.session.cookies
    ]
    timelines = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies(cookies)
        page = context.new_page()
        # The styles are in the browser's cache after the first visit, as they are for a person.
        for _ in range(VISITS + 1):
            page.goto(f"{client.address}/history/")
            page.wait_for_function(PAINTED)
            timelines.append(page.evaluate(TIMELINE))
        browser.close()
    return timelines[1:]
