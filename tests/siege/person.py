"""This person uses the site as it is meant to be used."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import requests

from tests import PASSWORD
from tests.bench.load import timed
from tests.lesions import judged
from tests.site import ProxiedClient

#: The person waits for so many seconds after each upload.
PAUSE = 0.5


class Person:
    """This person signs in, looks at the history and a result, and uploads, again and again.

    Attributes:
        seconds: how long answers took, by what was asked for.
        troubles: what was answered in place of what was asked for.
    """

    def __init__(self, address: str, email: str, came_from: str) -> None:
        self.address, self.email, self.came_from = address, email, came_from
        self.seconds: dict[str, list[float]] = {"page": [], "sign-in": [], "upload": []}
        self.troubles: list[str] = []
        self.result = ""

    def use(self, end: float) -> None:
        while time.monotonic() < end:
            try:
                self._visit(ProxiedClient(self.address, self.came_from))
            except requests.RequestException as error:
                self.troubles.append(type(error).__name__)
            time.sleep(PAUSE)

    def _visit(self, browser: ProxiedClient) -> None:
        fields = {"login": self.email, "password": PASSWORD}
        self._send(browser, "sign-in", "/accounts/login/", fields)
        self._ask("page", lambda: browser.get("/history/"))
        if self.result:
            self._ask("page", lambda: browser.get(self.result))
        files = [("images", ("mole.jpg", judged()))]
        answer = self._send(browser, "upload", "/upload/", {}, files)
        if "/results/" in answer.url:
            self.result = answer.url.removeprefix(self.address)

    def _send(
        self, browser: ProxiedClient, what: str, path: str, fields: dict[str, str], files=None
    ) -> requests.Response:
        page = self._ask("page", lambda: browser.get(path)).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        fields = fields | {"csrfmiddlewaretoken": found[1] if found else ""}
        address = self.address + path
        return self._ask(
            what, lambda: browser.session.post(address, fields, files=files, timeout=60)
        )

    def _ask(self, what: str, request: Callable[[], requests.Response]) -> requests.Response:
        answer, seconds = timed(request)
        self.seconds[what].append(seconds)
        if not answer.ok:
            self.troubles.append(f"{what}: {answer.status_code}")
        return answer
