"""Errors of web and worker reach Sentry, and nothing of a person goes with them."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.lesions import judged
from tests.serve.waiting import wait_until
from tests.site import Client, Site

EMAIL, FILE = "ada.lovelace@example.org", "adas-left-arm.jpg"
#: Each holds letters that no random key has.
SECRETS = ["lovelace", "left-arm", "sessionid", "csrftoken", "whose_arm", "127.0.0.1", "no such"]


class Collector(ThreadingHTTPServer):
    """This takes what an SDK sends to Sentry.

    Attributes:
        events: the events in the order of their arrival, one JSON text each.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self.server_port}/1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        _, *items = body.decode().splitlines()
        for head, content in zip(items[::2], items[1::2], strict=True):
            if json.loads(head)["type"] == "event":
                self.server.events.append(content)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def sentry() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_errors_are_reported_and_nothing_of_a_person(sentry, tmp_path):
    with Site(tmp_path / "data", SENTRY_DSN=sentry.dsn, ANALYSIS_RETRY_DELAY="1") as site:
        client = Client(site.address)
        client.sign_up(EMAIL)
        with site.database() as database:
            database.execute("DROP TABLE classifier_modelversion")
        token = {"csrfmiddlewaretoken": client.session.cookies["csrftoken"]}
        files = {"images": (FILE, judged())}
        sent = client.session.post(f"{site.address}/upload/", token, files=files, timeout=60)
        assert sent.status_code == 503, sent.text
        assert client.get("/history/?whose_arm=adas").status_code == 503

        def reported() -> set[str]:
            return {json.loads(event).get("transaction", "") for event in sentry.events}

        wait_until(lambda: {"/history/", "classifier.analyse"} <= reported())
    (history, *_) = [e for e in map(json.loads, sentry.events) if e["transaction"] == "/history/"]
    (error, *_) = history["exception"]["values"]
    assert error["type"] == "OperationalError"
    assert error["stacktrace"]["frames"]
    assert history["tags"]["request_id"]
    assert [secret for secret in SECRETS for event in sentry.events if secret in event] == []
