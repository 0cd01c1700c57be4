"""Send damaged files and forms to a site of its own, and look at every answer."""

from __future__ import annotations

import itertools
import random
import re
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests

from tests.classifier.markup import visible_text
from tests.fuzz.mutations import body, damaged, form, seeds
from tests.site import Client, Site

PEOPLE = 2
LARGEST_REQUEST = 12
PROCESSES = {"worker": "--queues analysis", "web": "gunicorn"}


class Report(NamedTuple):
    """This tells what came of all files.

    Attributes:
        answers: how often each status was answered.
        wrong: the first words of each answer of 5xx, and of each of 4xx that says nothing.
        states: how many submissions have each status in the end.
        memory: megabytes after every tenth of the files, by process.
    """

    answers: Counter[int]
    wrong: list[str]
    states: dict[str, int]
    memory: dict[str, list[int]]


def run(count: int, seed: int = 0) -> Report:
    """Send ``count`` files, a dozen at most in a request."""
    files, turn = seeds(), itertools.count()
    report = Report(Counter(), [], {}, {process: [] for process in PROCESSES})
    with tempfile.TemporaryDirectory(prefix="skinsite-fuzz-") as folder:
        limits = {"UPLOADS_PER_HOUR": "10000000", "UPLOADS_KEPT": "10000000"}
        limits |= {"DECODING_SECONDS_PER_HOUR": "10000000", "UPLOADS_KEPT_MEGABYTES": "10000000"}
        with Site(Path(folder, "site"), **limits) as site:

            def use(number: int) -> None:
                person, chance = Client(site.address), random.Random(f"{seed}-{number}")
                person.sign_up(f"person{number}@example.org")
                token = _token(person)
                while (sent := next(turn) * LARGEST_REQUEST // 2) < count:
                    _send(person, token, files, chance, report)
                    if number == 0 and sent >= count * (len(report.memory["web"]) + 1) / 10:
                        _look(site, report)

            with ThreadPoolExecutor(PEOPLE) as pool:
                list(pool.map(use, range(PEOPLE)))
            report.states.update(_wait(site))
            _look(site, report)
    return report


def _token(person: Client) -> str:
    page = person.get("/upload/").text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, page
    return found[1]


def _send(
    person: Client, token: str, files: list[bytes], chance: random.Random, report: Report
) -> None:
    number = chance.randint(0, LARGEST_REQUEST) if chance.random() < 0.98 else 25
    chosen = [damaged(files, chance) for _ in range(number)]
    fields = {"csrfmiddlewaretoken": token} | form(chance)
    content, kind = body(fields, chosen, chance)
    wants = chance.choice(("text/html", "application/json"))
    headers = {"Content-Type": kind, "Accept": wants}
    # The head holds the token too, so that a broken form is not taken for one of another site.
    headers["X-CSRFToken"] = token
    # A form that is not read to its end costs its connection, and the next form must not be sent
    # over that one.
    headers["Connection"] = "close"
    address = f"{person.address}/upload/"
    try:
        answer = person.session.post(address, content, headers=headers, timeout=120)
    except requests.ConnectionError as error:
        report.wrong.append(f"no answer: {error}")
        return
    status = answer.history[0].status_code if answer.history else answer.status_code
    report.answers[status] += 1
    if problem := _problem(answer, status):
        report.wrong.append(f"{status}: {problem}")


def _problem(answer, status: int) -> str:
    """Return what is wrong with an answer, or an empty text."""
    if status >= 500:
        return visible_text(answer.content)[:200]
    if status < 400:
        return ""
    if answer.headers["Content-Type"] == "application/json":
        reasons = [one["reason"] for one in answer.json()["rejected"]]
        silent = [reason for reason in reasons if not re.search(r"\w+ \w+.*\.$", reason)]
        return f"no sentence: {silent or reasons}" if silent or not reasons else ""
    text = visible_text(answer.content)
    return "" if re.search(r"[A-Z][\w' ]+ [\w' ]+\.", text) else f"no sentence: {text[:200]}"


def _look(site: Site, report: Report) -> None:
    for process, command in PROCESSES.items():
        report.memory[process].append(round(site.memory(command) / 1e6))


def _wait(site: Site) -> dict[str, int]:
    """Wait until no submission waits any more, and return how many there are of each status."""
    deadline = time.monotonic() + 600
    while True:
        with site.database() as database:
            counted = "SELECT status, count(*) FROM classifier_submission GROUP BY status"
            states = dict(database.execute(counted).fetchall())
        if not states.keys() & {"queued", "running"} or time.monotonic() > deadline:
            return states
        time.sleep(0.5)
