"""These clients take as long as they like for a request."""

from __future__ import annotations

import contextlib
import socket

from tests.site import FORM

#: A proxy that speaks HTTPS with the client sends this header on.
BY_HTTPS = f"X-Forwarded-Proto: https\r\n{FORM}"
BEGINNINGS = {
    "nothing": "",
    "a head": "GET /about/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "a form": f"POST /accounts/login/ HTTP/1.1\r\n{BY_HTTPS} 300\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=",
    "an upload": f"POST /upload/ HTTP/1.1\r\n{BY_HTTPS} 3000000\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n",
}


def begin(port: int, beginning: str) -> socket.socket:
    """Connect to a site, and send the beginning of a request."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(beginning.encode())
    return client


def begin_all(port: int, each: int) -> list[socket.socket]:
    """Begin ``each`` requests of every kind."""
    return [begin(port, first) for first in BEGINNINGS.values() for _ in range(each)]


def drip(clients: list[socket.socket]) -> list[socket.socket]:
    """Send one more byte of each request, and return those that the site has not ended."""
    going_on = []
    for client in clients:
        # The silent clients too send something by and by, but no whole line.
        with contextlib.suppress(OSError):
            client.send(b"x")
            going_on.append(client)
    return going_on
