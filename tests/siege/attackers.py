"""The attackers have a process of their own, in which the site and the person have no part.

``python -m tests.siege.attackers`` is given an `Order` as a line of JSON, says that it is ready,
attacks until the order's time is over, prints what it was answered, and ends in the middle of
whatever it does.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import re
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import requests

from tests import PASSWORD
from tests.dripping import begin_all, drip
from tests.siege.pictures import Files, attacks
from tests.site import ProxiedClient

#: So many clients of each kind drip, a byte every so many seconds.
DRIPPING, PAUSE = 50, 5.0
#: A stranger sends bodies of so many bytes, in pieces.
LARGE_BODY, PIECE = 30 * 1024**2, 64 * 1024
#: It says this when the attack begins.
READY = "ready"
#: The attackers' own work goes last, because they would have machines of their own.
NICENESS = 10


class Order(NamedTuple):
    """This says whom to attack for how long, and with which accounts."""

    port: int
    seconds: float
    emails: list[str]


class Answers:
    """This collects what attackers were answered.

    Attributes:
        statuses: how often each status was answered, by attack.
        wrong: what was wrong with an answer.
    """

    def __init__(self) -> None:
        self.statuses: dict[str, Counter[str]] = {}
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def post(self, attack: str, member: ProxiedClient, path: str, **options: Any) -> None:
        """Send what ``options`` of requests say, and keep what is answered."""
        try:
            answer = member.session.post(member.address + path, timeout=120, **options)
        # The site may end a connection over which it wants no more.
        except requests.RequestException:
            self.add(attack, "none")
        else:
            told = str((answer.history or [answer])[0].status_code)
            self.add(attack, told, what_is_wrong(answer))

    def add(self, attack: str, status: str, wrong: str = "") -> None:
        with self._lock:
            self.statuses.setdefault(attack, Counter())[status] += 1
            if wrong:
                self.wrong.append(f"{attack}: {wrong}")

    def as_json(self) -> str:
        # Threads go on adding while the others are told.
        with self._lock:
            return json.dumps({"statuses": self.statuses, "wrong": self.wrong})


def what_is_wrong(answer: requests.Response) -> str:
    """Return what is wrong with an answer of 5xx. Only a 503 that says why is as it should be."""
    if answer.status_code < 500:
        return ""
    if answer.status_code != 503:
        return str(answer.status_code)
    if answer.headers["Content-Type"] == "application/json":
        said = " ".join(one["reason"] for one in answer.json()["rejected"])
    else:
        said = answer.text
    return "" if "in a few minutes." in said else f"503 without a sentence: {said[:200]}"


class Form:
    """This is a form with files, which is sent piece by piece.

    Several of the largest at once would need gigabytes as a whole.
    """

    BOUNDARY = "boundary-of-an-attacker"

    def __init__(self, token: str, files: Files) -> None:
        self.pieces = [self._head('name="csrfmiddlewaretoken"'), token.encode(), b"\r\n"]
        for name, content in files:
            head = self._head(f'name="images"; filename="{name}"', "Content-Type: image/jpeg\r\n")
            self.pieces += [head, content, b"\r\n"]
        self.pieces.append(f"--{self.BOUNDARY}--\r\n".encode())

    def _head(self, names: str, more: str = "") -> bytes:
        told = f"Content-Disposition: form-data; {names}\r\n{more}\r\n"
        return f"--{self.BOUNDARY}\r\n{told}".encode()

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            for start in range(0, len(piece), PIECE):
                yield piece[start : start + PIECE]


class LargeBody:
    """This tells its length and is sent piece by piece."""

    def __len__(self) -> int:
        return LARGE_BODY

    def __iter__(self) -> Iterator[bytes]:
        return itertools.repeat(bytes(PIECE), LARGE_BODY // PIECE)


def sign_in(address: str, number: int, email: str) -> ProxiedClient:
    member = ProxiedClient(address, f"198.51.100.{100 + number}")
    answer = member.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.url.endswith("/upload/"), answer.text
    member.session.headers["Content-Type"] = f"multipart/form-data; boundary={Form.BOUNDARY}"
    return member


def send_pictures(member: ProxiedClient, sent: dict[str, Files], answers: Answers) -> None:
    """Send the files of one attack after the other, without end."""
    for attack, files in itertools.cycle(sent.items()):
        form = Form(member.session.cookies["csrftoken"], files)
        wanted = {"Accept": random.choice(["application/json", "text/html"])}
        answers.post(attack, member, "/upload/", data=form, headers=wanted)


def send_large_bodies(address: str, paths: list[str], answers: Answers) -> None:
    """Send large bodies to every address, without end, with a length and without one."""
    for path in itertools.cycle(paths):
        stranger = ProxiedClient(address, "198.51.100.99")
        for attack, body in (("large bodies", LargeBody()), ("chunks", iter(LargeBody()))):
            answers.post(attack, stranger, path, data=body, allow_redirects=False)


def send_slowly(port: int, answers: Answers) -> None:
    """Keep clients that drip, and begin all of them again when the site has ended them."""
    while True:
        clients = going_on = begin_all(port, DRIPPING)
        while going_on:
            time.sleep(PAUSE)
            going_on = drip(going_on)
        for client in clients:
            client.close()
        answers.add("slow clients", "ended")


def every_path() -> list[str]:
    """Return a path for every address of the site, whether there is something or not."""
    import django

    django.setup()
    from tests.classifier.addresses import ROUTES

    paths = []
    for route in ROUTES.values():
        path = route.replace("<uuid:pk>", str(uuid.UUID(int=0))).replace("<int:pk>", "1")
        filled_in = re.sub(r"\(\?P<.*?\)|<[^>]*>", "x", path)
        paths.append("/" + re.sub(r"[\^$\\]", "", filled_in))
    return paths


def prepare(order: Order, answers: Answers) -> list[threading.Thread]:
    """Return threads that attack when they are started."""
    address, sent = f"http://127.0.0.1:{order.port}", attacks()
    members = [sign_in(address, number, email) for number, email in enumerate(order.emails)]
    works: list[tuple[Callable[..., None], Any]] = [
        *((send_pictures, (member, sent, answers)) for member in members),
        (send_large_bodies, (address, every_path(), answers)),
        (send_slowly, (order.port, answers)),
    ]
    return [threading.Thread(target=work, args=given, daemon=True) for work, given in works]


def main() -> None:
    with contextlib.suppress(AttributeError):
        os.nice(NICENESS)
    order, answers = Order(**json.loads(sys.stdin.readline())), Answers()
    threads = prepare(order, answers)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    for thread in threads:
        thread.start()
    time.sleep(order.seconds)
    sys.stdout.write(answers.as_json())
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
