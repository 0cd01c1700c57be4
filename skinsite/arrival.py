"""This tells how long a request may take to arrive, and when enough of it is here."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable

#: A request may take `PATIENCE` seconds, and one more for every `SLOWEST` bytes that have come. A
#: slow line is served that way, but not one over which bytes only drip.
PATIENCE, SLOWEST = 15.0, 10_000
#: No request may take more seconds than these, however fast it comes. The largest upload takes as
#: long at a ninth of a megabyte a second.
LONGEST = 900.0
#: The head of a request may have no more bytes than these, with all cookies.
LARGEST_HEAD = 64 * 1024

END_OF_HEAD = b"\r\n\r\n"
READABLE = rb"[ \t]*0*(\d{1,18})[ \t]*\r?$"
LENGTH = re.compile(rb"(?im)^content-length:" + READABLE)
#: These headers announce a body whose length is not told, or cannot be read, or one that the client
#: sends only once it is asked for it.
UNTOLD = re.compile(rb"(?im)^(transfer-encoding:|expect:|content-length:(?!" + READABLE + rb"))")

TOO_SLOW = (
    "408 Request Timeout",
    "This took too long to arrive, and was not read to its end. Please try again.",
)
TOO_LARGE = (
    "431 Request Header Fields Too Large",
    "The head of this request is too large. Please delete this site's cookies and try again.",
)


class Arrival:
    """This holds what has come of one request.

    Attributes:
        content: the bytes themselves.
        missing: how many bytes must still come before all of it is here; None while its head has
            not ended, and where the head does not tell.
        head_is_here: whether its head has ended.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.content = bytearray()
        self.received = 0
        self.missing: int | None = None
        self.head_is_here = False
        self.longest = LONGEST
        self._clock, self._began = clock, clock()

    @property
    def is_complete(self) -> bool:
        return self.missing is not None and self.missing <= 0

    @property
    def age(self) -> float:
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float:
        return min(PATIENCE + self.received / SLOWEST, self.longest) - self.age

    def end(self) -> None:
        """Leave the request no more time."""
        self.longest = 0.0

    def add(self, data: bytes) -> None:
        """Take what has come while nobody reads the request."""
        searched = max(0, len(self.content) - len(END_OF_HEAD) + 1)
        self.content += data
        self.count(data)
        if self.head_is_here:
            if self.missing is not None:
                self.missing -= len(data)
        elif (end := self.content.find(END_OF_HEAD, searched)) >= 0:
            self.head_is_here = True
            self._expect(bytes(self.content[: end + 2]), len(self.content) - end - len(END_OF_HEAD))

    def count(self, data: bytes) -> None:
        self.received += len(data)

    def _expect(self, head: bytes, received: int) -> None:
        if not UNTOLD.search(head):
            length = LENGTH.search(head)
            self.missing = (int(length[1]) if length else 0) - received


class PacedSocket:
    """This reads the rest of a request while it arrives in time, and answers where it does not.

    It takes the place of the socket in gunicorn's parser.
    """

    def __init__(self, sock: socket.socket, arrival: Arrival) -> None:
        self.sock, self.arrival = sock, arrival
        self.ended = False

    def recv(self, size: int) -> bytes:
        if self.ended:
            raise TimeoutError
        if (seconds := self.arrival.seconds_left) <= 0:
            self._give_up()
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(size)
        except TimeoutError:
            self._give_up()
        finally:
            self.sock.settimeout(None)
        if not data and self.arrival.seconds_left <= 0:
            self._give_up()
        self.arrival.count(data)
        return data

    def wake(self) -> None:
        """Let a thread that waits for more see that the time is over."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RD)

    def _give_up(self) -> None:
        self.ended = True
        refuse(self.sock, TOO_SLOW)
        raise TimeoutError


def refuse(sock: socket.socket, answer: tuple[str, str]) -> None:
    """Send an answer where no page can be sent, and say that nothing more will be read."""
    status, sentence = answer
    head = (
        f"HTTP/1.1 {status}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(sentence)}",
    )
    # The socket does not block, because nobody waits for a client that does not read the answer.
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        sock.send("\r\n".join([*head, "", sentence]).encode())
        sock.shutdown(socket.SHUT_WR)
