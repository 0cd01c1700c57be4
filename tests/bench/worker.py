"""This measures how many stored pictures a worker analyses a second, one by one and together."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PICTURES, ROUNDS = 64, 3
BATCHES = (1, 16)


def measure(data_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Measure in a process of its own, because Django's settings read ``DATA_DIR`` only once."""
    command = [sys.executable, "-m", "tests.bench.worker"]
    environment = os.environ | {
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
        "UPLOADS_PER_HOUR": str(ROUNDS * len(BATCHES) * PICTURES),
    }
    alone, together, bare = json.loads(subprocess.check_output(command, env=environment))
    yield "worker, stored pictures, one at a time", f"{1 / alone:.0f} a second", ""
    yield (
        f"... {BATCHES[-1]} together, over one at a time",
        f"{alone / together:.2f} ({1 / together:.0f} a second)",
        "> 1",
    )
    yield (
        "... over the bare batched network call with its gradient",
        f"{bare / together:.2f} ({1 / bare:.0f} a second bare)",
        ">= 0.7",
    )


def _measure() -> list[float]:
    import django  # the settings must find DATA_DIR in the environment first

    django.setup()
    logging.disable(logging.INFO)
    import numpy as np
    from django.conf import settings
    from django.core.management import call_command

    from classifier import predictors
    from classifier.models import Status, Submission
    from classifier.services.submissions.analyse import analyse_waiting_submissions
    from classifier.services.submissions.submit import submit_picture
    from skinsite.celery import app
    from tests.factories import UserFactory
    from tests.lesions import judged

    app.send_task = lambda *arguments, **options: None  # this process is the worker
    call_command("migrate", verbosity=0)
    call_command("register_models", stdout=io.StringIO())
    owner, pictures = UserFactory(), [judged(seed) for seed in range(16)]
    network = predictors.load_active_analyst()[1].args[0]  # type: ignore[attr-defined]
    batch = np.zeros((BATCHES[-1], network.input_size, network.input_size, 3), np.uint8)
    network.examine(batch)
    best: dict[object, float] = {}
    # The sizes take turns and the best of each counts, because a busy moment of the machine can
    # only slow one down.
    for _ in range(ROUNDS):
        for size in BATCHES:
            for number in range(PICTURES):
                submit_picture(
                    owner=owner, stream=io.BytesIO(pictures[number % 16]), name="lesion.jpg"
                )
            settings.ANALYSIS_BATCH_SIZE = size
            waiting = Submission.objects.filter(status=Status.QUEUED).values_list("pk", flat=True)
            keys = list(waiting)
            began = time.perf_counter()
            for key in keys:
                analyse_waiting_submissions(key)
            best[size] = min(best.get(size, 1e9), (time.perf_counter() - began) / PICTURES)
            assert not waiting.all().exists()
        began = time.perf_counter()
        for _ in range(PICTURES // len(batch)):
            network.examine(batch)
        best["bare"] = min(best.get("bare", 1e9), (time.perf_counter() - began) / PICTURES)
    return [best[size] for size in BATCHES] + [best["bare"]]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
