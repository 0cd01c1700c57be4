"""A request has so much time to arrive, and is told when that is over."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from skinsite.arrival import LONGEST, PATIENCE, Arrival, PacedSocket

MEGABYTE = 1024 * 1024


def head(length: object, *more: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


class Clock:
    """This tells the time that a test gives it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arrival(clock) -> Arrival:
    """Return a request of ten bytes, of which four have come."""
    arrival = Arrival(clock)
    arrival.add(head(10) + b"1234")
    return arrival


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return the end of a connection that is the client's, and that which is ours."""
    client, ours = socket.socketpair()
    with client, ours:
        client.settimeout(10)
        yield client, ours


def test_a_request_has_time_by_what_has_come_of_it(clock):
    arrival = Arrival(clock)
    assert arrival.seconds_left == PATIENCE
    clock.now = 5.0
    arrival.add(head(10 * MEGABYTE))
    arrival.add(b"x" * MEGABYTE)
    assert arrival.missing == 9 * MEGABYTE
    assert arrival.seconds_left > 100
    arrival.add(b"x" * 9 * MEGABYTE)
    assert arrival.missing == 0
    assert arrival.seconds_left == LONGEST - 5


@pytest.mark.parametrize("length", ["5", " 5\t", "05", "0" * 40 + "5", "0" * 60_000 + "5"])
def test_a_length_may_have_zeros_before_it(length):
    arrival = Arrival()
    arrival.add(head(length) + b"ab")
    assert arrival.missing == 3


@pytest.mark.parametrize("length", ["0", "000"])
def test_a_length_of_nothing_is_complete(length):
    arrival = Arrival()
    arrival.add(head(length))
    assert arrival.is_complete


@pytest.mark.parametrize(
    "length", ["1" * 19, "+5", "-5", "5, 5", "5_0", "five", "", "5\r\nExpect: x"]
)
def test_a_length_that_cannot_be_read_is_not_told(length):
    arrival = Arrival()
    arrival.add(head(length))
    assert arrival.head_is_here
    assert arrival.missing is None
    assert not arrival.is_complete


def test_what_comes_in_time_is_read(arrival, ends):
    client, ours = ends
    paced = PacedSocket(ours, arrival)
    client.sendall(b"567890")
    assert paced.recv(100) == b"567890"
    assert arrival.received == len(head(10)) + 10
    assert ours.gettimeout() is None


def test_what_comes_too_late_is_not_read_but_answered(arrival, clock, ends):
    client, ours = ends
    paced = PacedSocket(ours, arrival)
    client.sendall(b"567890")
    clock.now = PATIENCE + 1
    assert_given_up(paced, client)


def test_what_stops_coming_is_given_up_when_its_time_is_over(arrival, clock, ends):
    client, ours = ends
    paced = PacedSocket(ours, arrival)
    clock.now = PATIENCE
    assert 0 < arrival.seconds_left < 0.1
    assert_given_up(paced, client)


def assert_given_up(paced: PacedSocket, client: socket.socket) -> None:
    """Check that the client is told once, and that nothing is read any more."""
    for _ in range(2):
        with pytest.raises(TimeoutError):
            paced.recv(100)
    told = b""
    while piece := client.recv(1000):
        told += piece
    assert told.startswith(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n")
    assert told.count(b"Please try again.") == told.count(b"HTTP/1.1") == 1
