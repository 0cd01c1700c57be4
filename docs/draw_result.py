"""Draw ``docs/images/result.png``: the first screen of a sample's result, from a site of its own.

``make pictures`` runs it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.site import Site

PICTURE = Path(__file__).parent / "images" / "result.png"
SAMPLE = "/samples/seborrheic-keratosis/"
SIZE = {"width": 1180, "height": 860}


def draw(address: str) -> None:
    """Write the picture of the page with the heat map over the lesion."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"]
        )
        page = chromium.new_page(base_url=address, viewport=SIZE, color_scheme="light")
        page.goto(SAMPLE)
        page.get_by_text("Heat map", exact=True).click()
        page.wait_for_function("document.getElementById('heat-map').naturalWidth > 0")
        page.screenshot(path=PICTURE)
        chromium.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder) / "data") as site:
        draw(site.address)
