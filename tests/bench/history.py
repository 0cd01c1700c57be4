"""This times the history page of a person with 10,000 submissions, alone and among a million."""

from __future__ import annotations

import io
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SUBMISSIONS = 10_000
#: So many other people have as many submissions each.
OTHERS = 99
REQUESTS = 15
LAST = -(-SUBMISSIONS // 20)
PAGES = {
    "first page": "",
    "middle page": f"?page={LAST // 2}",
    "last page": f"?page={LAST}",
    "searched": "?q=lesion-77+arm",
    "filtered": "?verdict=malignant&status=done&ordering=-confidence",
}


def measure(data_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Measure in a process of its own, because Django's settings read ``DATA_DIR`` only once."""
    command = [sys.executable, "-m", "tests.bench.history"]
    environment = os.environ | {
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
    }
    alone, among = json.loads(subprocess.check_output(command, env=environment))
    for page, (seconds, queries) in alone.items():
        yield (
            f"history of {SUBMISSIONS:,}, {page}, median",
            f"{1000 * seconds:.0f} ms, {queries} queries",
            "< 100 ms",
        )
        yield (
            f"... among {(OTHERS + 1) * SUBMISSIONS:,}, over that",
            f"{among[page][0] / seconds:.2f}",
            "<= 1.5",
        )


def _measure() -> list[dict[str, tuple[float, int]]]:
    import django  # the settings must find DATA_DIR in the environment first

    django.setup()
    logging.disable(logging.INFO)
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    call_command("register_models", stdout=io.StringIO())
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client(headers={"host": "localhost"})
    client.force_login(_person_with_history())
    alone = _look(client)
    _add_others()
    return [alone, _look(client)]


def _look(client) -> dict[str, tuple[float, int]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    figures = {}
    for name, query in PAGES.items():
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

    from classifier.models import ModelVersion, Prediction, Status, Submission
    from tests.factories import UserFactory

    person, now = UserFactory(), timezone.now()
    version = ModelVersion.objects.get(is_active=True)
    submissions = [
        Submission(
            owner=person,
            original_name=f"lesion-{number}.jpg",
            # A person writes something of many of them, and rarely much.
            note="On the left arm, since spring. " * (number % 4),
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


def _add_others() -> None:
    """Copy the person's rows for all others in the database itself, as a million take a while."""
    from django.db import connection

    from classifier.models import Submission, User
    from tests.factories import UserFactory

    UserFactory.create_batch(OTHERS)
    columns = [field.column for field in Submission._meta.concrete_fields]
    own = {
        "id": "lower(hex(randomblob(16)))",
        "owner_id": "person.id",
        "status": "'failed'",
        "failure": "'gave_up'",
        "prediction_id": "NULL",
    }
    values = ", ".join(own.get(column, f"mine.{column}") for column in columns)
    rows, people = Submission._meta.db_table, User._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {rows} ({', '.join(columns)}) SELECT {values} "
            f"FROM {rows} mine JOIN {people} person ON person.id != mine.owner_id"
        )
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure()))
