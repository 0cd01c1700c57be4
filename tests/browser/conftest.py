"""These fixtures run the real site, and a real Chromium that visits it."""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, Response

from tests.lesions import picture
from tests.serve.waiting import halt
from tests.site import Site

#: Rate limits are kept per address, so that every test comes from an address of its own.
_addresses = count(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    # As in production, the site stands behind a proxy, and the person's address is the one that the
    # proxy tells.
    with Site(tmp_path_factory.mktemp("site") / "data", TRUSTED_PROXY_COUNT="1") as running:
        yield running
    log = running.log.read_text()
    assert "Traceback" not in log, log
    assert " ERROR " not in log, log


@pytest.fixture(scope="session")
def base_url(site) -> str:
    return site.address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    if not os.environ.get("CHROMIUM"):
        pytest.exit("CHROMIUM must name a Chromium. Run: make test-browser", returncode=1)
    # Without the quiet options Chromium asks its maker's servers for updates.
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    return browser_type_launch_args | {
        "executable_path": os.environ["CHROMIUM"],
        "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", *quiet],
    }


@pytest.fixture
def expected_complaints() -> list[str]:
    """Return patterns of the complaints that a test expects from the browser."""
    return []


@pytest.fixture
def page(page: Page, expected_complaints: list[str]) -> Iterator[Page]:
    """Return a page on which any complaint of the browser fails the test.

    A blocked inline style is such a complaint.
    """
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # The browser also complains of a page that is an error by design. Such pages are left to
        # `check`, which knows them.
        noted = any(
            re.search(pattern, message.text)
            for pattern in ("the server responded with a status of", *expected_complaints)
        )
        if message.type in ("error", "warning") and not noted:
            complaints.append(f"{page.url}: {message.text}")

    def check(response: Response) -> None:
        asked_for = response.request.resource_type in ("document", "xhr")
        if response.status >= 500 or (response.status >= 400 and not asked_for):
            complaints.append(f"{page.url}: {response.status} for {response.url}")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("response", check)
    page.set_extra_http_headers({"X-Forwarded-For": f"192.0.2.{next(_addresses)}"})
    yield page
    assert complaints == []


@pytest.fixture
def lesion():
    """Return a generated picture as a file to choose."""

    def make(name: str = "mole.jpg", seed: int = 0, size: tuple[int, int] = (640, 480)) -> dict:
        content = picture(size=size, seed=seed)
        return {"name": name, "mimeType": "image/jpeg", "buffer": content}

    return make


@pytest.fixture
def blank() -> dict:
    """Return a picture without anything in it, as a file to choose."""
    content = io.BytesIO()
    Image.new("RGB", (320, 240), "black").save(content, "PNG")
    return {"name": "blank.png", "mimeType": "image/png", "buffer": content.getvalue()}


@pytest.fixture
def choose(page: Page):
    return lambda *files: page.get_by_label("Choose pictures").set_input_files(list(files))


@pytest.fixture
def worker_halted(site):
    """Return a context in which the worker is halted, so that pictures sent in wait."""

    @contextmanager
    def halted() -> Iterator[None]:
        workers = site.processes("celery --quiet --app skinsite worker")
        halt(*workers)
        try:
            yield
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)

    return halted
