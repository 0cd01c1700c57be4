"""This times one person's pictures over HTTP, from the accepted upload to the stored result.

The worker is warm.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ml.judging.analysis import analyse
from ml.judging.predictor import Predictor
from ml.packaging.bundle import find
from skinsite.settings.analysis import DEFAULT_MODEL
from tests.lesions import judged, render
from tests.site import Client, Site, open_database

UPLOADS = 30
Row = tuple[str, str, str]


def measure(data_dir: Path) -> Iterator[Row]:
    """Start the whole site in ``data_dir``, use it, and yield what it took."""
    predictor = Predictor.load(find(DEFAULT_MODEL))
    picture = render(0, (640, 480))
    with Site(data_dir) as site:
        client = Client(site.address)
        client.sign_up("bench@example.org")
        answers, alone = [], []
        for number in range(UPLOADS + 3):
            began = time.perf_counter()
            client.upload([("lesion.jpg", judged(number))])
            answers.append(time.perf_counter() - began)
            wait_until_done(data_dir, number + 1)
            # The bare analysis runs in between, so that both meet the same noise of the machine.
            began = time.perf_counter()
            analyse(predictor, [picture])
            alone.append(time.perf_counter() - began)
        results = seconds_to_result(data_dir)
        web = site.memory("gunicorn")
        yield from _rows(answers[3:], alone[3:], results[3:])
        yield "web process, resident memory", f"{web / 1e6:.0f} MB", "< 150 MB"
        yield "worker ready after start", f"{site.seconds_to_ready:.1f} s", "< 15 s"


def _rows(answers: list[float], alone: list[float], results: list[float]) -> Iterator[Row]:
    analysis, result = statistics.median(alone), statistics.median(results)
    yield "analysis of one picture alone, median", f"{1000 * analysis:.1f} ms", ""
    yield "request to upload one picture, median", f"{1000 * statistics.median(answers):.1f} ms", ""
    yield "upload accepted to result stored, median", f"{1000 * result:.1f} ms", "< 500 ms"
    yield "... as a multiple of the analysis alone", f"{result / analysis:.2f}", "<= 3"


def wait_until_done(data_dir: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(seconds_to_result(data_dir)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Submission {count} was not finished within a minute.")
        time.sleep(0.05)


def seconds_to_result(data_dir: Path) -> list[float]:
    """Return for every result how long it took from the accepted upload, the oldest first."""
    with open_database(data_dir) as database:
        rows = database.execute(
            "SELECT created_at, finished_at FROM classifier_submission "
            "WHERE status = 'done' ORDER BY created_at"
        ).fetchall()
    return [
        (datetime.fromisoformat(finished) - datetime.fromisoformat(created)).total_seconds()
        for created, finished in rows
    ]
