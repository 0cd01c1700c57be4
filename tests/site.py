"""This runs the whole site as one command, and has a person who uses it over HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
from requests.cookies import RequestsCookieJar

from tests import PASSWORD

ROOT = Path(__file__).parents[1]
TOKEN = "a-token-of-the-operator"
#: A request with this cookie makes the site read the form, to look for the token in it. The length
#: of the form comes next.
FORM = "Host: localhost\r\nCookie: csrftoken=abcdefghijklmnopqrstuvwxyzabcdef\r\nContent-Length:"
#: A make that runs the tests sets these variables for the makes that the tests start. A person at
#: a shell has none of them.
OUTER_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def open_database(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """Open the SQLite of a site for one transaction, and wait for others who write to it."""
    with closing(sqlite3.connect(data_dir / "db.sqlite3", timeout=30)) as database, database:
        yield database


class Site:
    """This runs ``manage.py serve`` or a make target in a data folder of its own, until it ends.

    Attributes:
        address: where it answers.
        ready: what it prints when it is ready.
        seconds_to_ready: the seconds from the start of the command to a warm model.
    """

    ready = "SkinSite is ready"

    def __init__(
        self, data_dir: Path, *, make: str = "", host: str = "127.0.0.1", **environment: str
    ) -> None:
        """Choose the command, where ``make`` names the target of the Makefile."""
        self.data_dir, self.port = data_dir, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        serve = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--host", host]
        made = ["make", make, f"PORT={self.port}", f"HOST={host}"]
        self.command = made if make else serve
        self.log = data_dir / "serve.log"
        self.environment = os.environ | {"DATA_DIR": str(data_dir)}
        # These variables of the test run are removed, because a newcomer has none of them.
        for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", *OUTER_MAKE):
            self.environment.pop(name, None)
        self.environment |= {"METRICS_TOKEN": TOKEN} | environment

    def __enter__(self) -> Site:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The command gets a process group of its own, as a shell would give it one.
                start_new_session=True,
            )
        while self.ready not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() - began > 120:
                self.stop()
                raise RuntimeError(f"The site did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        self.seconds_to_ready = time.monotonic() - began
        return self

    def __exit__(self, *exception: Any) -> None:
        self.stop()

    def failing(self) -> list[str]:
        """Return the parts of which the operator is told that they do not work."""
        token = {"Authorization": f"Bearer {TOKEN}"}
        told = requests.get(f"{self.address}/metrics/parts", headers=token, timeout=60).text
        return re.findall(r'^skinsite_part_works\{part="(\w+)"\} 0', told, re.MULTILINE)

    def database(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open the database of a site that runs with its own SQLite, see `open_database`."""
        return open_database(self.data_dir)

    def stop(self) -> float:
        """Send SIGTERM to the command, and return the seconds until it has ended."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        return time.monotonic() - began

    def press_ctrl_c(self) -> float:
        """Send SIGINT as a terminal does, and return the seconds until the command has ended."""
        began = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - began

    def processes(self, part: str = "") -> list[int]:
        """Return the processes of this site, those whose command line contains ``part``."""
        return sorted(process.pid for process in self._processes(part))

    def memory(self, part: str) -> int:
        """Return the resident bytes of the largest process whose command contains ``part``."""
        return max(resident(process) for process in self._processes(part))

    def _processes(self, part: str) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("DATA_DIR") == str(self.data_dir)
                if ours and part in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                # The process has ended just now, or is somebody else's.
                continue
        return found


def resident(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory; none where it has just ended."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


class Client:
    """This is a person with a browser's cookies, who reads a page's form before sending it."""

    def __init__(self, address: str) -> None:
        self.address, self.email = address, ""
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.address + path, timeout=60)

    def post(self, path: str, fields: dict[str, str], files: Any = None) -> requests.Response:
        """Send a form with the CSRF token of the page at ``path``, and follow redirects."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)[1]
        fields = {"csrfmiddlewaretoken": token} | fields
        return self.session.post(self.address + path, fields, files=files, timeout=60)

    def sign_up(self, email: str) -> None:
        fields = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
        answer = self.post("/accounts/signup/", fields)
        if not answer.url.endswith("/upload/"):
            raise RuntimeError(f"Sign-up ended at {answer.url} with {answer.status_code}.")
        self.email = email

    def upload(self, pictures: list[tuple[str, bytes]]) -> requests.Response:
        """Upload ``(name, content)`` pictures; ends on the result or history page."""
        return self.post("/upload/", {}, [("images", picture) for picture in pictures])


class ProxiedClient(Client):
    """This sends what a person's browser sends, as the proxy in front of a site passes it on.

    Args:
        address: of the site behind the proxy.
        came_from: the person's own address.
        host: the name under which the person knows the site.
    """

    def __init__(self, address: str, came_from: str = "", host: str = "localhost") -> None:
        super().__init__(address)
        forwarded = {"Host": host, "X-Forwarded-Proto": "https", "Referer": f"https://{host}/"}
        self.session.headers.update(forwarded)
        if came_from:
            self.session.headers["X-Forwarded-For"] = came_from
        self.session.cookies = _Cookies()


class _Cookies(RequestsCookieJar):
    """Cookies for HTTPS only are sent on the way behind the proxy too."""

    def set_cookie(self, cookie: Any, *arguments: Any, **options: Any) -> Any:
        cookie.secure = False
        return super().set_cookie(cookie, *arguments, **options)
