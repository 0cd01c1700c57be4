"""The web container has room for eight requests at once with the largest pictures there may be."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bench.web_memory import LIMIT, REQUESTS, Watched, WebSite, send_at_once
from tests.lesions import judged
from tests.serve.waiting import wait_until
from tests.site import Client, Site

#: The decoder of a large picture holds at least those of what is kept of it.
PIXELS = 3 * 4096 * 4096


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with WebSite(tmp_path_factory.mktemp("memory") / "site") as running:
        yield running


def person(site: Site, name: str) -> Client:
    client = Client(site.address)
    client.sign_up(f"{name}@example.org")
    return client


def test_all_processes_stay_within_their_memory_and_give_it_back(site):
    people = [person(site, f"large{number}") for number in range(REQUESTS)]
    other = person(site, "small")
    waited: list[float] = []
    stop = threading.Event()

    def send_small_ones() -> None:
        while not stop.wait(0.5):
            began = time.monotonic()
            answer = other.upload([("small.jpg", judged())])
            waited.append(time.monotonic() - began)
            assert "/results/" in answer.url

    # The small pictures have a decoder of their own, which an idle site has started too.
    assert "/results/" in other.upload([("small.jpg", judged())]).url
    idle = Watched(site).most()
    with Watched(site) as watched, ThreadPoolExecutor(1) as pool:
        beside = pool.submit(send_small_ones)
        try:
            began = time.monotonic()
            answers = send_at_once(people)
            seconds = time.monotonic() - began
        finally:
            stop.set()
        beside.result()
    # Some people are told to send theirs again in a few minutes, but nobody is told of an error.
    assert {answer.status_code for answer in answers} <= {200, 503}
    # All have been sent: some were accepted, and their pixels were in memory.
    assert any("/results/" in answer.url for answer in answers if answer.ok)
    assert idle + PIXELS < watched.peak < LIMIT
    wait_until(lambda: watched.resident() < LIMIT / 2, 10)
    assert max(waited) < max(3.0, seconds / 3)


def test_a_body_that_does_not_tell_its_length_is_refused_by_the_site_itself(site):
    client = person(site, "chunks")

    def body():
        yield b"x" * 100_000

    for path in ("/upload/", "/accounts/login/"):
        answer = client.session.post(site.address + path, data=body(), timeout=60)
        assert answer.status_code == 411
