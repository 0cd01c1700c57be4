"""What a load balancer is told, for each part that can fail."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.db import DatabaseError, connection
from django.utils import timezone

from classifier.models import ModelVersion, Submission
from classifier.services import readiness
from ml.bundle import find
from tests.classifier.fakes import folder_app
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
PARTS = ["database", "broker", "storage", "model", "queue"]


@pytest.fixture
def broker(tmp_path: Path, monkeypatch) -> Path:
    """The folder of the broker."""
    folder = tmp_path / "messages"
    folder.mkdir()
    with folder_app(folder) as app:
        monkeypatch.setattr(readiness, "current_app", app)
        yield folder


@pytest.fixture
def ready(client, broker, caplog):
    """Ask whether the site is ready; return its status and what is not."""
    shipped = find("seven-stage")
    ModelVersionFactory(is_active=True, version=shipped.version, sha256=shipped.sha256)

    def asked() -> tuple[int, list[str]]:
        answer = client.get("/readyz")
        body = answer.json()
        assert list(body) == ["status", *PARTS]
        assert body["status"] == ("ok" if answer.status_code == 200 else "unavailable")
        assert set(body.values()) <= {"ok", "unavailable"}
        failing = [part for part in PARTS if body[part] != "ok"]
        for part in failing:
            assert f"Not ready: {part}" in caplog.text
        return answer.status_code, failing

    return asked


def test_the_process_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_and_nothing_is_left_behind(ready, stored_files, broker):
    assert ready() == (200, [])
    assert stored_files() == []
    assert list(broker.iterdir()) == []


def test_no_model_is_active(ready):
    ModelVersion.objects.update(is_active=False)
    assert ready() == (503, ["model"])


def test_the_storage_is_gone(ready, media):
    media.write_text("no folder")
    assert ready() == (503, ["storage"])


def test_the_folder_of_the_broker_is_gone(ready, broker):
    broker.rmdir()
    assert ready() == (503, ["broker"])


def test_redis_does_not_answer(ready, monkeypatch):
    # Nothing listens on the first port.
    with Celery(broker="redis://127.0.0.1:1", set_as_current=False) as nowhere:
        monkeypatch.setattr(readiness, "current_app", nowhere)
        assert ready() == (503, ["broker"])


def refuse(*args: object) -> None:
    raise DatabaseError("connection refused")


def test_the_database_is_gone(ready):
    with connection.execute_wrapper(refuse):
        assert ready() == (503, ["database", "model", "queue"])


def test_the_weights_are_not_those_that_were_registered(ready):
    ModelVersion.objects.update(sha256="f" * 64)
    assert ready() == (503, ["model"])


@pytest.mark.parametrize("damage", ["weights", "model.json", "all"])
def test_the_files_of_the_model_are_damaged(ready, settings, tmp_path, damage):
    settings.BUNDLES_DIR = tmp_path / "bundles"
    folder = settings.BUNDLES_DIR / "seven-stage"
    if damage != "all":
        folder.mkdir(parents=True)
        shipped = find("seven-stage")
        shutil.copy(shipped.directory / "model.json", folder)
        shutil.copy(shipped.weights_path, folder)
        assert ready() == (200, [])
        file = folder / (shipped.weights if damage == "weights" else damage)
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert ready() == (503, ["model"])


def test_somebody_waits_for_too_long(ready, settings):
    submission = SubmissionFactory(queued_at=timezone.now() - timedelta(minutes=14))
    assert ready() == (200, [])
    settings.QUEUE_MAX_AGE = timedelta(minutes=13)
    assert ready() == (503, ["queue"])
    # What is under way or was sent again does not wait for a worker.
    Submission.objects.filter(pk=submission.pk).update(status="running")
    assert ready() == (200, [])


def test_the_process_answers_without_a_database(client):
    with connection.execute_wrapper(refuse):
        assert client.get("/healthz").status_code == 200


def test_an_error_tells_nothing_of_itself(client, monkeypatch, caplog):
    def fail() -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setitem(readiness.CHECKS, "broker", fail)
    assert b"hunter2" not in client.get("/readyz").content
    assert "hunter2" not in caplog.text
