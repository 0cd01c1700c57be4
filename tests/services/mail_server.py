"""A test can have a mail server of its own here, which may be slow."""

from __future__ import annotations

import socketserver
import threading
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """This server takes mails, or only connections.

    Attributes:
        answers: while this event is cleared, the server leaves everybody waiting.
        mails: the mails that it has taken.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answers = threading.Event()
        self.connections = 0
        self.mails: list[str] = []

    def __enter__(self) -> MailServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.answers.set()
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        self.server.answers.wait()
        self._say("220 at your service")
        while line := self.rfile.readline().decode().upper():
            if line.startswith("DATA"):
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mails.append(b"".join(lines).decode())
            if line.startswith("QUIT"):
                self._say("221 bye")
                return
            self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
