"""A load balancer and the operator are told of each part that can fail."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from classifier.models import ModelVersion, Submission
from classifier.services.operation import readiness
from ml.packaging.bundle import find
from tests.classifier.fakes import folder_app
from tests.factories import ModelVersionFactory, SubmissionFactory
from tests.site import TOKEN

pytestmark = pytest.mark.django_db
PARTS = ["database", "broker", "storage", "model", "queue"]


@pytest.fixture
def broker(tmp_path: Path, monkeypatch) -> Path:
    """Return the folder of the broker."""
    folder = tmp_path / "messages"
    folder.mkdir()
    with folder_app(folder) as app:
        monkeypatch.setattr(readiness, "current_app", app)
        yield folder


@pytest.fixture
def failing(client, broker, caplog, settings):
    """Return the parts that fail, as the operator is told; others hear of the database alone."""
    shipped = find("seven-stage")
    ModelVersionFactory(is_active=True, version=shipped.version, sha256=shipped.sha256)
    settings.METRICS_TOKEN = TOKEN

    def asked() -> list[str]:
        token = {"authorization": f"Bearer {TOKEN}"}
        answer = client.get(reverse("monitoring_parts"), headers=token)
        (works,) = text_string_to_metric_families(answer.content.decode())
        assert [sample.labels["part"] for sample in works.samples] == PARTS
        found = [sample.labels["part"] for sample in works.samples if not sample.value]
        for part in found:
            assert f"Does not work: {part}" in caplog.text
        told = client.get("/readyz")
        expected = (503, "unavailable") if "database" in found else (200, "ok")
        assert (told.status_code, told.json()) == (expected[0], {"status": expected[1]})
        return found

    return asked


def test_the_process_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_everything_works_and_nothing_is_left_behind(failing, stored_files, broker):
    assert failing() == []
    assert stored_files() == []
    assert list(broker.iterdir()) == []


def test_no_model_is_active(failing):
    ModelVersion.objects.update(is_active=False)
    assert failing() == ["model"]


def test_the_storage_is_gone(failing, media):
    media.write_text("no folder")
    assert failing() == ["storage"]


def test_the_folder_of_the_broker_is_gone(failing, broker):
    broker.rmdir()
    assert failing() == ["broker"]


def test_redis_does_not_answer(failing, monkeypatch):
    # Nothing listens on the first port.
    with Celery(broker="redis://127.0.0.1:1", set_as_current=False) as nowhere:
        monkeypatch.setattr(readiness, "current_app", nowhere)
        assert failing() == ["broker"]


def refuse(*args: object) -> None:
    raise DatabaseError("connection refused")


def test_the_database_is_gone(failing):
    with connection.execute_wrapper(refuse):
        assert failing() == ["database", "model", "queue"]


def test_the_weights_are_not_those_that_were_registered(failing):
    ModelVersion.objects.update(sha256="f" * 64)
    assert failing() == ["model"]


@pytest.mark.parametrize("damage", ["weights", "model.json", "all"])
def test_the_files_of_the_model_are_damaged(failing, settings, tmp_path, damage):
    settings.BUNDLES_DIR = tmp_path / "bundles"
    folder = settings.BUNDLES_DIR / "seven-stage"
    if damage != "all":
        folder.mkdir(parents=True)
        shipped = find("seven-stage")
        shutil.copy(shipped.directory / "model.json", folder)
        shutil.copy(shipped.weights_path, folder)
        assert failing() == []
        file = folder / (shipped.weights if damage == "weights" else damage)
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert failing() == ["model"]


def test_somebody_waits_for_too_long(failing, settings):
    submission = SubmissionFactory(queued_at=timezone.now() - timedelta(minutes=14))
    assert failing() == []
    settings.QUEUE_MAX_AGE = timedelta(minutes=13)
    assert failing() == ["queue"]
    # A submission that is under way or was sent again does not wait for a worker.
    Submission.objects.filter(pk=submission.pk).update(status="running")
    assert failing() == []


def test_the_process_answers_without_a_database(client):
    with connection.execute_wrapper(refuse):
        assert client.get("/healthz").status_code == 200


def test_readiness_asks_nothing_but_the_database(client, monkeypatch):
    def asked() -> None:
        raise AssertionError

    others = {part: asked for part in PARTS if part != "database"}
    monkeypatch.setattr(readiness, "CHECKS", readiness.CHECKS | others)
    assert client.get("/readyz").status_code == 200


def test_an_error_tells_nothing_of_itself(client, monkeypatch, caplog):
    def fail() -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setitem(readiness.CHECKS, "database", fail)
    assert b"hunter2" not in client.get("/readyz").content
    assert "hunter2" not in caplog.text
