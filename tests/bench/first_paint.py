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
PAGE = "/history/"
#: A page of text, to compare with what a busy machine makes of the least that a page can be.
REFERENCE = "/about/"
#: The browser's own account of a page that it has opened, in milliseconds. It may paint after the
#: page counts as loaded.
TIMELINE = """async () => ({
    paint: await new Promise((resolve) => {
        const tell = (entries) =>
            entries
                .getEntriesByName("first-contentful-paint")
                .forEach(({ startTime }) => resolve(startTime));
        new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
    }),
    loaded: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""
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
    paint, loaded, plain = (
        statistics.median(timeline[name] for timeline in timelines[path])
        for path, name in ((PAGE, "paint"), (PAGE, "loaded"), (REFERENCE, "paint"))
    )
    yield f"{ROW}, first paint, median", f"{paint:.0f} ms", "< 150 ms"
    yield "... over that of a page of text", f"{paint / plain:.2f}", ""
    yield f"{ROW}, DOMContentLoaded, median", f"{loaded:.0f} ms", ""


def _visit(chromium: str, client: Client) -> dict[str, list[dict[str, float]]]:
    from playwright.sync_api import sync_playwright  # not everybody who runs this has it

    cookies = [
        {"name": cookie.name, "value": cookie.value, "url": client.address}
        for cookie in client.session.cookies
    ]
    timelines: dict[str, list[dict[str, float]]] = {PAGE: [], REFERENCE: []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies(cookies)
        page = context.new_page()
        for _ in range(VISITS + 1):
            # One after the other, so that both meet the same noise of the machine.
            for path, seen in timelines.items():
                page.goto(client.address + path)
                seen.append(page.evaluate(TIMELINE))
        browser.close()
    # The styles are in the browser's cache after the first visit, as they are for a person.
    return {path: seen[1:] for path, seen in timelines.items()}
