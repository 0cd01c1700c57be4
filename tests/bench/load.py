"""Let fifty people upload at once and look at their history meanwhile: ``make bench-load``."""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests
from rich.console import Console
from rich.table import Table

from tests.bench.upload import seconds_to_result, wait_until_done
from tests.lesions import judged
from tests.site import Client, Site, open_database

PEOPLE = 50
#: A person waits for a time between these seconds after each upload.
PAUSE = (2.0, 4.0)
#: One person uploads so many pictures before the others come.
ALONE = 20


class Seen(NamedTuple):
    """This holds what one person met: statuses, and the seconds of uploads and of other pages."""

    statuses: list[int]
    uploads: list[float]
    pages: list[float]


def main(seconds: float) -> None:
    table = Table("what", "measured", "goal", title=f"{PEOPLE} people, {seconds:.0f} seconds")
    pictures = [judged(seed) for seed in range(8)]
    with tempfile.TemporaryDirectory(prefix="skinsite-load-") as folder:
        data_dir = Path(folder, "site")
        with Site(data_dir, TRUSTED_PROXY_COUNT="1", UPLOADS_PER_HOUR="100000") as site:
            people = [_sign_up(site, number) for number in range(PEOPLE)]
            alone = _seconds_alone(people[0], pictures, data_dir)
            end = time.monotonic() + seconds
            with ThreadPoolExecutor(PEOPLE) as pool:
                seen = list(pool.map(lambda person: _use(person, pictures, end), people))
            sent = sum(len(one.uploads) for one in seen)
            results = _wait_for_all(data_dir)[ALONE:]
    failed = sum(status >= 400 for one in seen for status in one.statuses)
    rows = (
        ("uploads, a second", f"{sent} ({sent / seconds:.1f})", ""),
        ("answers of 4xx and 5xx", str(failed), "0"),
        ("uploads without a result", str(sent - len(results)), "0"),
        (
            "upload request, p95",
            f"{1000 * p95(u for one in seen for u in one.uploads):.0f} ms",
            "",
        ),
        (
            "other pages, p95",
            f"{1000 * p95(p for one in seen for p in one.pages):.0f} ms",
            "< 200 ms",
        ),
        (
            "upload to result, median and p95",
            f"{statistics.median(results):.2f} s, {p95(results):.2f} s",
            "",
        ),
        ("upload to result of one person alone, median", f"{alone:.2f} s", ""),
        (
            "... p95 over what the queue's arithmetic predicts",
            f"{p95(results) / _predicted(alone, sent / seconds):.2f}",
            "<= 3",
        ),
    )
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)


def _sign_up(site: Site, number: int) -> Client:
    person = Client(site.address)
    # Sign-ups are limited by address, so that everybody has an address of their own, as it would be
    # told by a proxy.
    person.session.headers["X-Forwarded-For"] = f"198.51.100.{number}"
    person.sign_up(f"person{number}@example.org")
    return person


def _use(person: Client, pictures: list[bytes], end: float) -> Seen:
    chance = random.Random(person.session.headers["X-Forwarded-For"])
    seen = Seen([], [], [])
    time.sleep(chance.uniform(0, PAUSE[1]))
    while time.monotonic() < end:
        answer, seconds = timed(lambda: person.upload([("a.jpg", chance.choice(pictures))]))
        seen.statuses.append(answer.status_code)
        seen.uploads.append(seconds)
        answer, seconds = timed(lambda: person.get("/history/"))
        seen.statuses.append(answer.status_code)
        seen.pages.append(seconds)
        time.sleep(chance.uniform(*PAUSE))
    return seen


def _seconds_alone(person: Client, pictures: list[bytes], data_dir: Path) -> float:
    for number in range(ALONE):
        person.upload([("a.jpg", pictures[number % len(pictures)])])
        wait_until_done(data_dir, number + 1)
    return statistics.median(seconds_to_result(data_dir))


def _predicted(alone: float, uploads_per_second: float) -> float:
    """Return the mean seconds to a result by Pollaczek and Khinchine's formula (M/D/1).

    The formula takes one picture after the other, so that it tells what a queue without batches
    would cost.
    """
    busy = min(0.99, alone * uploads_per_second)
    return alone * (1 + busy / (2 * (1 - busy)))


def timed(request) -> tuple[requests.Response, float]:
    began = time.perf_counter()
    return request(), time.perf_counter() - began


def _wait_for_all(data_dir: Path) -> list[float]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with open_database(data_dir) as database:
            (waiting,) = database.execute(
                "SELECT count(*) FROM classifier_submission WHERE status IN ('queued', 'running')"
            ).fetchone()
        if not waiting:
            break
        time.sleep(0.2)
    return seconds_to_result(data_dir)


def p95(values) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0)
