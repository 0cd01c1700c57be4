"""Only the real database can show its constraints, its locks and its migrations."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from classifier.models import AuditEntry, ModelVersion, Prediction, Review, Status, Submission
from classifier.services.operation.audit import record_action
from classifier.services.reading.review import record_review
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.dispatch import dispatch_analysis
from classifier.services.submissions.end import end_attempts
from classifier.services.submissions.submit_once import StillSubmitting, submit_picture_once
from classifier.services.submissions.sweep import Swept, sweep_lost_submissions
from tests.classifier.fakes import FakeAnalyst
from tests.factories import (
    ModelVersionFactory,
    PredictionFactory,
    ReviewFactory,
    SubmissionFactory,
    UserFactory,
)
from tests.lesions import judged
from tests.old_rows import CODES, SENTENCES, codes, migrate_old_rows, sentences
from tests.services.conftest import database_url
from tests.site import ROOT


def change(model: type, **fields: object):
    return lambda row: model.objects.filter(pk=row.pk).update(**fields)


REFUSED = {
    "submission_done_has_prediction": (SubmissionFactory, change(Submission, status=Status.DONE)),
    "submission_failed_has_reason": (SubmissionFactory, change(Submission, status=Status.FAILED)),
    "submission_rejected_has_reason": (
        SubmissionFactory,
        change(Submission, status=Status.REJECTED, rejection="blurred"),
    ),
    "submission_upload_key": (
        lambda: SubmissionFactory(upload_key=uuid4()),
        lambda row: SubmissionFactory(owner=row.owner, upload_key=row.upload_key),
    ),
    "submission_pixels_per_mm": (SubmissionFactory, change(Submission, pixels_per_mm=0)),
    "submission_status": (SubmissionFactory, change(Submission, status="lost")),
    "prediction_malignant_probability": (
        PredictionFactory,
        change(Prediction, malignant_probability=float("nan")),
    ),
    "prediction_confidence": (PredictionFactory, change(Prediction, confidence=1.001)),
    "prediction_verdict": (PredictionFactory, change(Prediction, verdict="unclear")),
    "prediction_once_per_model_version": (
        PredictionFactory,
        lambda row: PredictionFactory(submission=row.submission),
    ),
    "model_version_one_active": (
        lambda: ModelVersionFactory(is_active=True),
        lambda row: ModelVersionFactory(version="0.0.2", is_active=True),
    ),
    "model_version_unique": (
        lambda: ModelVersionFactory(version="0.0.2"),
        lambda row: change(ModelVersion, version="0.0.2")(ModelVersionFactory()),
    ),
    "model_version_threshold": (ModelVersionFactory, change(ModelVersion, threshold=-0.1)),
    "review_once_per_reviewer": (
        ReviewFactory,
        lambda row: ReviewFactory(submission=row.submission, reviewer=row.reviewer),
    ),
    "user_email_unique": (
        lambda: UserFactory(email="ada@example.org"),
        lambda row: UserFactory(email="ADA@EXAMPLE.ORG"),
    ),
}


@pytest.mark.parametrize("constraint", REFUSED)
def test_the_database_refuses(db, constraint):
    make, spoil = REFUSED[constraint]
    row = make()
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        spoil(row)
    assert refusal.value.__cause__.diag.constraint_name == constraint


def test_two_sweeps_at_once_send_a_message_once(database, queue):
    submission = SubmissionFactory(sent_at=timezone.now() - timedelta(days=1))
    with psycopg.connect(database) as other:
        other.execute("SELECT 1 FROM classifier_submission FOR UPDATE")
        assert sweep_lost_submissions() == Swept(resent=0, returned=0, failed=0)
        assert queue.llen("analysis") == 0
    assert sweep_lost_submissions() == Swept(resent=1, returned=0, failed=0)
    assert queue.llen("analysis") == 1
    assert sweep_lost_submissions() == Swept(resent=0, returned=0, failed=0)
    submission.refresh_from_db()
    assert submission.status == Status.QUEUED


def test_messages_that_wait_in_a_long_queue_are_not_sent_again(database, queue):
    long_ago = timezone.now() - timedelta(days=1)
    for submission in SubmissionFactory.create_batch(5, sent_at=long_ago):
        dispatch_analysis(submission.pk)
    assert sweep_lost_submissions() == Swept(resent=0, returned=0, failed=0)
    queue.ltrim("analysis", 0, 2)
    assert sweep_lost_submissions() == Swept(resent=2, returned=0, failed=0)
    assert sweep_lost_submissions() == Swept(resent=0, returned=0, failed=0)
    assert queue.llen("analysis") == 5


def test_workers_that_claim_at_once_share_what_waits_and_take_nothing_twice(
    transactional_db, settings
):
    settings.ANALYSIS_BATCH_SIZE = 4
    waiting = SubmissionFactory.create_batch(24)
    together = Barrier(8, timeout=60)

    def work(number: int) -> list[Submission]:
        together.wait()
        try:
            # All workers come for the same few submissions first.
            return [row for submission in waiting[:16] for row in claim_submissions(submission.pk)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        taken = [row.pk for rows in workers.map(work, range(8)) for row in rows]
    assert len(taken) == len(set(taken))
    assert set(Submission.objects.values_list("attempts", flat=True)) <= {0, 1}
    running = Submission.objects.filter(status=Status.RUNNING)
    assert set(running.values_list("pk", flat=True)) == set(taken)
    assert {submission.pk for submission in waiting[:16]} <= set(taken)


def test_rows_stay_free_while_a_heat_map_is_stored(database, monkeypatch, settings):
    """Others may write the rows that a heat map belongs to, however long the storage takes."""
    submission, model_version = SubmissionFactory(running=True), ModelVersionFactory()
    save, renamed = FileSystemStorage._save, []

    def slowly(storage, name, content):
        with psycopg.connect(database, options="-c lock_timeout=1000") as other:
            other.execute("UPDATE classifier_submission SET original_name = 'renamed.jpg'")
        renamed.append(name)
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", slowly)
    end_attempts(
        {submission: FakeAnalyst()([Image.new("RGB", (8, 8))])[0]}, model_version=model_version
    )
    submission.refresh_from_db()
    assert (submission.status, submission.original_name) == (Status.DONE, "renamed.jpg")
    assert renamed == [submission.prediction.heat_map.name]


def test_the_audit_log_is_append_only(transactional_db):
    record_action(action=AuditEntry.Action.SAW, subject=UserFactory(), actor=None)
    for attempt in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(action="")):
        with pytest.raises(DatabaseError, match="append-only"):
            attempt()
    assert AuditEntry.objects.get().action == "saw"


def test_a_review_sent_twice_at_once_is_one_review(transactional_db):
    submission, reviewer = SubmissionFactory(done=True), UserFactory(admin=True)
    together = Barrier(8, timeout=60)

    def send(number: int) -> None:
        together.wait()
        try:
            record_review(
                submission=submission, reviewer=reviewer, diagnosis="benign", comment=str(number)
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        list(people.map(send, range(8)))
    recorded = Review.objects.get()
    assert recorded.history.count() == 8


@pytest.mark.parametrize("cached", [True, False], ids=["taking turns", "without a cache"])
def test_a_picture_that_is_sent_several_times_at_once_is_one_submission(
    transactional_db, settings, tmp_path, queue, cached
):
    settings.MEDIA_ROOT = tmp_path
    if not cached:
        dummy = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
        settings.CACHES = {"default": dummy}
    owner, upload_key, data = UserFactory(), uuid4(), judged()
    # One account may have so many pictures decoded at once.
    together = Barrier(3, timeout=60)

    def send(number: int) -> Submission | None:
        together.wait()
        try:
            return submit_picture_once(
                owner=owner, upload_key=upload_key, stream=io.BytesIO(data), name="mole.jpg"
            )
        except StillSubmitting:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as requests:
        answers = set(requests.map(send, range(3)))
    assert answers - {None} == {Submission.objects.get()}
    assert cached or None not in answers
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 2
    assert queue.llen("analysis") == 1


def test_the_history_takes_as_many_queries_for_many_as_for_few(db, client, settings):
    settings.STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns of a folder that is missing
    person = UserFactory()
    client.force_login(person)

    def queries(number: int) -> int:
        SubmissionFactory.create_batch(number, owner=person, done=True)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("history")).status_code == 200
        return len(captured)

    assert queries(2) == queries(16) == queries(20)


@pytest.fixture
def empty_database(transactional_db) -> Iterator[str]:
    """Return the address of a database without tables, for the migrations alone."""
    name = f"{connection.settings_dict['NAME']}_migrations"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield database_url(name)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


def test_the_migrations_go_forwards_and_backwards(empty_database):
    environment = os.environ | {
        "DATABASE_URL": empty_database,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }

    def migrate(*target: str) -> None:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", *target]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)

    migrate()
    migrate("classifier", "0001")
    migrate()
    with psycopg.connect(empty_database) as fresh:
        (groups,) = fresh.execute("SELECT array_agg(name) FROM auth_group").fetchone()
        (permissions,) = fresh.execute("SELECT count(*) FROM auth_group_permissions").fetchone()
    assert groups == ["reviewers"]
    assert permissions == 4


def test_sentences_of_an_earlier_release_become_codes_and_codes_sentences_again(empty_database):
    migrated = migrate_old_rows(DATABASE_URL=empty_database)
    assert codes(migrated["forwards"]) == CODES
    assert sentences(migrated["back"]) == SENTENCES
