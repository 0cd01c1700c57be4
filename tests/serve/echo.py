"""This site only says what it has read, or more than a client can take without reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

PIECE = b"x" * 1024 * 1024
#: The system keeps less than this for a client that does not read.
LONG = 64 * len(PIECE)


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/long":
        start("200 OK", [("Content-Length", str(LONG))])
        return (PIECE for _ in range(LONG // len(PIECE)))
    body = b"not read"
    if environ["PATH_INFO"] != "/ignored":
        try:
            body = environ["wsgi.input"].read()
        except OSError:
            body = b"nobody reads this"
    answer = b"%s %d" % (environ["PATH_INFO"].encode(), len(body))
    start("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
