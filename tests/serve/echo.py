"""This site only says what it has read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    body = b"not read"
    if environ["PATH_INFO"] != "/ignored":
        try:
            body = environ["wsgi.input"].read()
        except OSError:
            body = b"nobody reads this"
    answer = b"%s %d" % (environ["PATH_INFO"].encode(), len(body))
    start("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
