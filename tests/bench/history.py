"""The history page of somebody with 10,000 submissions."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SUBMISSIONS = 10_000
REQUESTS = 15


def measure(data_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Measure in a process of its own: Django's settings read ``DATA_DIR`` once."""
    command = [sys.executable, "-m", "tests.bench.history"]
    environment = os.environ | {
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
    }
    measured = json.loads(subprocess.check_output(command, env=environment))
    for page, (seconds, queries) in measured.items():
        yield (
            f"history of {SUBMISSIONS:,}, {page}, median",
            f"{1000 * seconds:.0f} ms, {queries} queries",
            "< 100 ms",
        )


def _measure() -> dict[str, tuple[float, int]]:
    import django  # the settings must find DATA_DIR in the environment first

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client(headers={"host": "localhost"})
    client.force_login(_person_with_history())
    last = -(-SUBMISSIONS // 20)
    figures = {}
    pages = {
        "first page": "",
        "middle page": f"?page={last // 2}",
        "last page": f"?page={last}",
        "filtered": "?verdict=malignant&status=done&ordering=-confidence",
    }
    for name, query in pages.items():
        seconds = []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/history/{query}").status_code == 200
            seconds.append(time.perf_counter() - began)
        figures[name] = (statistics.median(seconds), len(queries))
    return figures


def _person_with_history():
    from datetime import timedelta

    from django.utils import timezone

    from classifier.models import Prediction, Status, Submission
    from tests.factories import ModelVersionFactory, UserFactory

    person, version, now = UserFactory(), ModelVersionFactory(), timezone.now()
    submissions = [
        Submission(
            owner=person,
            original_name=f"lesion-{number}.jpg",
            image="00/none.jpg",
            thumbnail="00/none.jpg",
            width=640,
            height=480,
            sent_at=now,
            created_at=now - timedelta(minutes=number),
        )
        for number in range(SUBMISSIONS)
    ]
    Submission.objects.bulk_create(submissions, batch_size=1000)
    predictions = [
        Prediction(
            submission=submission,
            model_version=version,
            verdict="malignant" if number % 4 == 0 else "benign",
            malignant_probability=0.8 if number % 4 == 0 else 0.1,
            confidence=0.8 if number % 4 == 0 else 0.9,
            probabilities={"benign": 0.2, "malignant": 0.8},
            inference_ms=20,
        )
        for number, submission in enumerate(submissions)
    ]
    Prediction.objects.bulk_create(predictions, batch_size=1000)
    for submission, prediction in zip(submissions, predictions, strict=True):
        submission.prediction, submission.status = prediction, Status.DONE
    Submission.objects.bulk_update(submissions, ["prediction", "status"], batch_size=500)
    return person


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
