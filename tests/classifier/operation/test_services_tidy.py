"""Tidying deletes what a process that died has left in the storage, and nothing else."""

from __future__ import annotations

import io
import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from classifier import tasks
from classifier.services.operation.tidy import FOLDERS, choose_due_folder, delete_unnamed_files
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def stray() -> str:
    return default_storage.save("ab/0123456789abcdef.jpg", ContentFile(b"a picture"))


@pytest.fixture
def later(time_machine) -> None:
    time_machine.move_to(timezone.now() + timedelta(hours=2))


def names(rows) -> set[str]:
    return {file.name for row in rows for file in (row.image, row.thumbnail)}


def test_a_stray_file_is_deleted_and_what_rows_name_stays(stray, later, stored_files):
    rows = SubmissionFactory.create_batch(3, done__explained=True)
    assert sum(map(delete_unnamed_files, FOLDERS)) == 1
    kept = {str(path.relative_to(settings.MEDIA_ROOT)) for path in stored_files()}
    heat_maps = {row.prediction.heat_map.name for row in rows}
    assert kept - {name for name in kept if name.startswith("models/")} == names(rows) | heat_maps


def test_a_young_file_may_still_get_its_row(stray):
    assert delete_unnamed_files("ab") == 0
    assert default_storage.exists(stray)


def test_one_folder_at_a_time(stray, later):
    assert delete_unnamed_files("ac") == 0
    assert default_storage.exists(stray)
    assert delete_unnamed_files("ab") == 1


def test_what_the_readiness_check_left(later):
    default_storage.save("health/0123", ContentFile(b"ok"))
    assert delete_unnamed_files("health") == 1


def test_figures_of_models_are_left_alone(later):
    default_storage.save("models/lesion-net/1.0.0/roc.png", ContentFile(b"a figure"))
    assert sum(map(delete_unnamed_files, FOLDERS)) == 0


def test_a_file_that_goes_meanwhile(stray, later, monkeypatch):
    def gone(name: str) -> None:
        raise FileNotFoundError(name)

    monkeypatch.setattr(default_storage, "get_modified_time", gone)
    assert delete_unnamed_files("ab") == 0


def test_every_folder_has_its_turn_within_a_day(time_machine):
    start, seen = timezone.now(), set()
    for turn in range(len(FOLDERS)):
        time_machine.move_to(start + turn * settings.TIDY_EVERY)
        seen.add(choose_due_folder())
    assert seen == set(FOLDERS)
    assert len(FOLDERS) * settings.TIDY_EVERY < timedelta(hours=22)


def test_the_task_says_what_it_deleted(stray, time_machine, caplog):
    caplog.set_level(logging.WARNING)
    turn = FOLDERS.index("ab") * settings.TIDY_EVERY.total_seconds()
    day = len(FOLDERS) * settings.TIDY_EVERY.total_seconds()
    later = timezone.now().timestamp() // day * day + day + turn
    time_machine.move_to(later)
    tasks.tidy_files()
    assert "Tidy: 1 files that no row names deleted" in caplog.text


def test_the_command_looks_into_all_of_them(stray):
    output = io.StringIO()
    call_command("tidy", stdout=output)
    call_command("tidy", "--older-than", "0", stdout=output)
    assert output.getvalue() == "0 files deleted\n1 files deleted\n"
