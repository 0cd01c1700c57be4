"""This is a line to the site that breaks where a test wants it to."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class BreakingProxy:
    """This passes bytes on, and cuts the connections of requests that shall be lost.

    Attributes:
        address: where it answers in place of the site.
        losing: bytes that mark a request to be lost; while it is empty, no request is lost.
        after_answer: whether the site gets the request, and only its answer is lost.
    """

    def __init__(self, port: int) -> None:
        self.port, self.losing, self.after_answer = port, b"", False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.open: list[socket.socket] = [self.listener]
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exception: object) -> None:
        # The listener ends first, because nothing is added any more when its thread has ended.
        _cut(self.listener)
        self.threads[0].join()
        _cut(*self.open)
        for thread in self.threads:
            thread.join()
        for one in self.open:
            one.close()

    def _start(self, work, *arguments: object) -> None:
        self.threads.append(threading.Thread(target=work, args=arguments))
        self.threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self.listener.accept()
                site = socket.create_connection(("127.0.0.1", self.port))
                self.open += [browser, site]
                doomed = threading.Event()
                self._start(self._pass_on, browser, site, doomed, False)
                self._start(self._pass_on, site, browser, doomed, True)

    def _pass_on(
        self, source: socket.socket, target: socket.socket, doomed: threading.Event, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not answers and self.losing and self.losing in data:
                    doomed.set()
                if doomed.is_set() and answers == self.after_answer:
                    break
                target.sendall(data)
        _cut(source, target)


def _cut(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
