"""The worker of the web server serves a site that only says what it has read."""

from __future__ import annotations

import http.client
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from select import select

import psutil
import pytest
import requests

from skinsite.arrival import PATIENCE
from skinsite.gunicorn import threads
from skinsite.web_worker import KEPT_IN_ALL, LARGE_THREADS
from tests.serve.waiting import wait_until
from tests.services.processes import Process
from tests.site import free_port

MEGABYTE = 1024 * 1024


@contextmanager
def serving(log: Path) -> Iterator[tuple[Process, int]]:
    """Serve the site, and yield its process and its port."""
    found = free_port()
    command = f"-m gunicorn --config python:skinsite.gunicorn --bind 127.0.0.1:{found}"
    command = [sys.executable, *command.split(), "tests.serve.echo"]
    with Process(command, log, {}) as process:
        wait_until(lambda: "Booting worker" in log.read_text())
        yield process, found


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[Process, int]]:
    with serving(tmp_path_factory.mktemp("web") / "log") as found:
        yield found


@pytest.fixture
def port(server) -> int:
    return server[1]


@pytest.fixture
def client(port) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def head(path: str, length: int | str, *more: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(client: socket.socket) -> tuple[int, bytes]:
    with closing(http.client.HTTPResponse(client)) as response:
        response.begin()
        return response.status, response.read()


def test_a_request_that_comes_byte_by_byte_is_served(client):
    for byte in head("/drop", 3) + b"abc":
        client.sendall(bytes([byte]))
        time.sleep(0.001)
    assert answer(client) == (200, b"/drop 3")


def test_one_connection_serves_many_requests_of_all_sizes_that_are_kept(client):
    for size in (0, 3, 70_000, 900_000, 10, 900_000, 0):
        client.sendall(head(f"/{size}", size) + b"x" * size)
        assert answer(client) == (200, f"/{size} {size}".encode())


@pytest.mark.parametrize("path", ["/read", "/ignored"])
def test_a_request_too_large_to_be_kept_is_told_to_be_the_last_of_its_connection(client, path):
    client.sendall(head(path, 3 * MEGABYTE) + b"x" * 3 * MEGABYTE)
    with closing(http.client.HTTPResponse(client)) as response:
        response.begin()
        assert response.status == 200
        assert response.headers["Connection"] == "close"
        response.read()
    assert client.recv(1) == b""


def test_requests_that_come_together_are_each_answered(client):
    client.sendall(head("/one", 2) + b"ab" + head("/two", 0) + head("/three", 3) + b"a")
    answers = b""
    while b"/two 0" not in answers:
        answers += client.recv(1000)
    client.sendall(b"bc")
    while b"/three 3" not in answers:
        answers += client.recv(1000)
    assert answers.count(b"200 OK") == 3
    assert answers.index(b"/one 2") < answers.index(b"/two 0")


def test_what_follows_a_length_that_cannot_be_read_is_no_request(client):
    client.sendall(head("/unread", "+0") + head("/next", 0))
    assert answer(client)[0] == 400
    assert client.recv(1) == b""


def test_who_asks_first_is_told_to_send(client):
    client.sendall(head("/asked", 5, "Expect: 100-continue"))
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"12345")
    assert answer(client) == (200, b"/asked 5")


def test_a_body_in_chunks_is_read(client):
    lines = "POST /chunks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    client.sendall(f"{lines}3\r\nabc\r\n".encode())
    time.sleep(0.1)
    client.sendall(b"2\r\nde\r\n0\r\n\r\n")
    assert answer(client) == (200, b"/chunks 5")


def test_a_large_body_that_nobody_reads_is_answered_at_once(client):
    client.sendall(head("/ignored", 400 * MEGABYTE) + b"x" * 2 * MEGABYTE)
    assert answer(client) == (200, b"/ignored 8")
    assert client.recv(1) == b""


def test_a_head_without_an_end_is_turned_away(client):
    client.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 70_000)
    status, sentence = answer(client)
    assert status == 431
    assert b"cookies" in sentence


def test_clients_that_never_close_make_nobody_wait(port, client):
    with ExitStack() as waiting:
        for _ in range(20):
            one = waiting.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.sendall(head("/", 0, "Connection: close", method="GET"))
        began = time.monotonic()
        client.sendall(head("/prompt", 0))
        assert answer(client) == (200, b"/prompt 0")
        assert time.monotonic() - began < 1


def test_what_stops_coming_is_given_up_with_a_sentence(port):
    """Some requests stop while they are gathered, and more than there are threads while read."""
    sent = [b"GET / HTTP/1.1\r\nHost: ", head("/form", 100) + b"a"]
    sent += [head("/large", 3 * MEGABYTE) + b"x" * 2 * MEGABYTE] * 10
    clients = [socket.create_connection(("127.0.0.1", port), timeout=400) for _ in sent]
    for client, begin in zip(clients, sent, strict=True):
        client.sendall(begin)
    time.sleep(0.5)
    began = time.monotonic()
    for client in clients[:2]:
        status, sentence = answer(client)
        assert status == 408
        assert b"Please try again" in sentence
        client.close()
    assert PATIENCE - 2 < time.monotonic() - began < PATIENCE + 2
    for client in clients[2:]:
        client.close()


def test_large_uploads_that_stop_take_neither_memory_nor_threads(server, client):
    process, port = server
    (worker,) = process.children()
    before = psutil.Process(worker).memory_info().rss
    begun = head("/large", 3 * MEGABYTE) + b"x" * 2 * MEGABYTE
    with ExitStack() as waiting:
        for _ in range(100):
            one = waiting.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.setblocking(False)
            one.send(begun)
        for _ in range(10):
            began = time.monotonic()
            client.sendall(head("/prompt", 1000) + b"x" * 1000)
            assert answer(client) == (200, b"/prompt 1000")
            assert time.monotonic() - began < 1
            time.sleep(0.1)
        # All of them would be 200 MB. What is kept is 16 MB, beside what each thread has read and
        # what a worker takes that has served nothing yet.
        assert psutil.Process(worker).memory_info().rss < before + 110 * MEGABYTE


def test_what_waits_for_a_thread_counts_as_kept(port):
    """While all threads are busy, no more is kept than there may be of all requests."""
    sent = 30
    with ExitStack() as stack:

        def connect() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))

        with ExitStack() as busy:
            for _ in range(threads):
                unread = busy.enter_context(socket.create_connection(("127.0.0.1", port)))
                unread.sendall(head("/long", 0))
                assert unread.recv(1)
            clients = [connect() for _ in range(sent)]
            for client in clients:
                client.sendall(head("/large", 900_000) + b"x" * 900_000)
            # The threads for large requests serve those for which there is no room to wait.
            room = KEPT_IN_ALL // 900_000 + 1
            wait_until(lambda: len(select(clients, [], [], 0)[0]) >= sent - room - LARGE_THREADS)
        assert [answer(client) for client in clients] == [(200, b"/large 900000")] * sent


def test_a_worker_that_stops_waits_no_longer_than_its_grace_for_large_requests(tmp_path):
    """It is not the one that is killed at the end of its grace, but one that is replaced."""
    with serving(tmp_path / "log") as (process, port), ExitStack() as stack:
        (before,) = process.children()
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            for _ in range(LARGE_THREADS + 1)
        ]
        for client in clients:
            client.sendall(head("/large", 3 * MEGABYTE) + b"x" * 2 * MEGABYTE)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as other:
            other.sendall(head("/small", 3) + b"abc")
            assert answer(other) == (200, b"/small 3")
        process.process.send_signal(signal.SIGHUP)
        assert [answer(client)[0] for client in clients] == [408] * len(clients)
        wait_until(lambda: before not in process.children())


def test_a_restart_loses_no_request(server, port):
    process, port = server
    restarted: list[bool] = []

    def ask() -> set[int]:
        found = set()
        with requests.Session() as session:
            while not restarted:
                found.add(session.post(f"http://127.0.0.1:{port}/", b"x" * 1000).status_code)
        return found

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        time.sleep(0.3)
        before = process.children()
        process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not set(before) & set(process.children()))
        time.sleep(0.3)
        restarted.append(True)
        assert [one.result() for one in asking] == [{200}] * 4
