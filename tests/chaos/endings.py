"""End a site again and again, at the worst of moments."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from pathlib import Path

from skinsite.supervisor import GONE, GRACE
from tests.chaos.report import Report
from tests.site import FORM, Site

#: All must have ended within these seconds: those of the supervisor, and some for a loaded machine.
LONGEST = GRACE + GONE + 6
#: The site says this when its web server listens.
STARTING = "Booting worker"
MULTIPART = "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
#: These requests hang on the site meanwhile: a head and a form without an end, and half of a large
#: upload.
UNFINISHED = [
    b"GET /about/ HTTP/1.1\r\nHost:",
    f"POST /accounts/login/ HTTP/1.1\r\n{FORM} 300\r\n\r\nlogin=".encode(),
    f"POST /upload/ HTTP/1.1\r\n{FORM} 4000000\r\n{MULTIPART}".encode() + b"x" * 2_000_000,
]


def end_again_and_again(
    report: Report, folder: Path, environment: dict[str, str], times: int, chance: random.Random
) -> None:
    """Count in ``report`` how often a site did not end in time, and what outlived it."""
    late = left = 0
    for number in range(times):
        site = Site(folder / f"ending{number}", **environment)
        # The site is ended in the middle of its start as often as after it.
        site.ready = chance.choice([Site.ready, STARTING])
        with site:
            clients = [_begin(site.port, sent) for sent in UNFINISHED * 8]
            for part in ("gunicorn", "--queues analysis", "--queues bulk"):
                if chance.random() < 0.5:
                    victim = chance.choice(site.processes(part))
                    os.kill(victim, signal.SIGKILL)
            try:
                late += site.stop() > LONGEST
            except subprocess.TimeoutExpired:
                late += 1
                site.process.kill()
            for client in clients:
                client.close()
        left += len(site.processes())
    report.add("endings", times)
    report.add("endings that took too long", late, wanted=False)
    report.add("processes that outlived the site", left, wanted=False)


def _begin(port: int, sent: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.setblocking(False)
    client.send(sent)
    return client
