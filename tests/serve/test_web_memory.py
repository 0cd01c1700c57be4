"""The web container has room for eight requests at once with the largest pictures there may be."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.bench.web_memory import LIMIT, REQUESTS, WebProcesses, WebSite, send_at_once
from tests.classifier.pictures import progressive_jpeg
from tests.lesions import judged
from tests.looking import looking
from tests.serve.waiting import wait_until
from tests.siege.attackers import Form
from tests.siege.containers import bytes_in_files
from tests.site import Client, Site

#: The decoder of a large picture holds at least those of what is kept of it.
PIXELS = 3 * 4096 * 4096


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    with WebSite(tmp_path_factory.mktemp("memory") / "site", TMPDIR=str(temporary)) as running:
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
    processes = WebProcesses(site)
    idle = processes.most()
    with looking(processes.look, every=0.1), ThreadPoolExecutor(1) as pool:
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
    assert idle + PIXELS < processes.peak < LIMIT
    wait_until(lambda: processes.resident() < LIMIT / 2, 10)
    assert max(waited) < max(3.0, seconds / 3)


def test_pictures_of_one_owner_that_take_long_leave_threads_for_pages(site):
    owner, other = person(site, "long"), person(site, "reader")
    slow = progressive_jpeg(400, (3000, 2000))
    owner.session.headers["Accept"] = "application/json"
    token = {"csrfmiddlewaretoken": owner.session.cookies["csrftoken"]}

    def send() -> requests.Response:
        files = [("images", (f"{number}.jpg", slow)) for number in range(13)]
        return requests.post(
            f"{site.address}/upload/",
            token,
            files=files,
            headers=owner.session.headers,
            cookies=owner.session.cookies,
            timeout=300,
        )

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send) for _ in range(8)]
        wait_until(lambda: sum(one.done() for one in sent) >= 5, 120)
        refused = [one.result() for one in sent if one.done()]
        assert other.get("/history/").ok
        assert sum(one.done() for one in sent) < 8
    for answer in refused:
        assert answer.status_code in (207, 503)
        assert "in a few minutes." in answer.json()["rejected"][0]["reason"]


def test_a_body_that_does_not_tell_its_length_is_refused_by_the_site_itself(site):
    client = person(site, "chunks")

    def body():
        yield b"x" * 100_000

    for path in ("/upload/", "/accounts/login/"):
        answer = client.session.post(site.address + path, data=body(), timeout=60)
        assert answer.status_code == 411


def test_what_arrives_of_an_upload_has_no_name_that_a_killed_process_would_leave(site):
    client, temporary = person(site, "killed"), Path(site.environment["TMPDIR"])
    token = client.session.cookies["csrftoken"]
    form = Form(token, [("mole.jpg", bytes(10_000_000))])
    lines = [
        "POST /upload/ HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(form)}",
        f"Content-Type: multipart/form-data; boundary={Form.BOUNDARY}",
        "Cookie: " + "; ".join(f"{one.name}={one.value}" for one in client.session.cookies),
    ]
    body = b"".join(form)
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[:-5_000_000])
        # Python writes the last few of what has come when more comes.
        wait_until(lambda: bytes_in_files(site.processes("gunicorn"), temporary) > 4_000_000)
        assert not list(temporary.rglob("*.jpg"))
        connection.sendall(body[-5_000_000:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 422 ")
    wait_until(lambda: bytes_in_files(site.processes("gunicorn"), temporary) < 4_000_000)
