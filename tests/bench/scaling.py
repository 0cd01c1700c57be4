"""This measures how much a second worker on a second core adds; each has a model of its own."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PICTURES, ROUNDS = 320, 3


def measure(data_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Measure in processes of their own, one to a core.

    Nothing is measured where there is only one core, nor on a system that ties no process to a
    core, such as macOS.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return
    best: dict[int, float] = {}
    for attempt in range(ROUNDS):
        for number in (1, 2):
            seconds = _seconds(data_dir / f"{attempt}-{number}", cores[:number])
            best[number] = min(best.get(number, 1e9), seconds)
    yield (
        "second worker process on a second core, over the first alone",
        f"{best[1] / best[2]:.2f} ({PICTURES / best[1]:.0f} a second by one)",
        ">= 1.6",
    )


def _seconds(data_dir: Path, cores: list[int]) -> float:
    """Return how long workers take together to empty the queue, one on each of ``cores``."""
    if _run("fill", data_dir, cores[0]).wait():
        raise RuntimeError("The queue could not be filled.")
    workers = [_run("work", data_dir, core) for core in cores]
    _hear("ready", workers)
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    _hear("done", workers)
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.wait()
    return seconds


def _hear(word: str, workers: list[subprocess.Popen]) -> None:
    for worker in workers:
        assert worker.stdout is not None
        if worker.stdout.readline().strip() != word.encode():
            raise RuntimeError(f"A worker ended before it was {word}.")


def _run(what: str, data_dir: Path, core: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.scaling", what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ
        | {
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "skinsite.settings",
            "INFERENCE_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "UPLOADS_PER_HOUR": str(PICTURES),
        },
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )


def _fill() -> None:
    from django.core.management import call_command

    from classifier.services.submissions.submit import submit_picture
    from skinsite.celery import app
    from tests.factories import UserFactory
    from tests.lesions import judged

    app.send_task = lambda *arguments, **options: None  # the other processes are the workers
    call_command("migrate", verbosity=0)
    call_command("register_models", stdout=io.StringIO())
    owner, pictures = UserFactory(), [judged(seed) for seed in range(16)]
    for number in range(PICTURES):
        submit_picture(owner=owner, stream=io.BytesIO(pictures[number % 16]), name="lesion.jpg")


def _work() -> None:
    from classifier import predictors
    from classifier.models import Status, Submission
    from classifier.services.submissions.analyse import analyse_waiting_submissions

    predictors.load_active_analyst()
    _say("ready")
    sys.stdin.read()
    while (key := _next(Submission.objects.filter(status=Status.QUEUED))) is not None:
        analyse_waiting_submissions(key)
    _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _next(waiting):
    return waiting.order_by("queued_at").values_list("pk", flat=True).first()


if __name__ == "__main__":
    import django

    django.setup()
    logging.disable(logging.INFO)
    {"fill": _fill, "work": _work}[sys.argv[1]]()
