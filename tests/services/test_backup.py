"""A site that is lost comes back by the very commands of the documentation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from classifier.models import AuditEntry, Prediction, Submission, User
from classifier.services.operation.audit import record_action
from tests.factories import ReviewFactory, SubmissionFactory
from tests.services.conftest import database_url
from tests.site import ROOT

PRODUCTION = (ROOT / "docs" / "production.md").read_text()


@pytest.fixture
def follow(tmp_path, transactional_db):
    """Return a function that runs the commands below a mark in the documentation."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }

    def run(mark: str) -> None:
        block = re.search(rf"<!-- {mark} -->\n\n((?:    .+\n)+)", PRODUCTION)
        commands = block[1]
        for name in ("skinsite.dump", "pictures.tar"):
            commands = commands.replace(name, str(tmp_path / name))
        subprocess.run(["bash", "-ec", commands], cwd=ROOT, env=environment, check=True)

    return run


def state() -> list:
    """Return every row and every file that matters."""
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (User, Submission, Prediction, AuditEntry)
    ]
    files = sorted(
        (str(path.relative_to(settings.MEDIA_ROOT)), path.read_bytes())
        for path in settings.MEDIA_ROOT.rglob("*")
        if path.is_file()
    )
    return [*rows, files]


def test_everything_comes_back(follow, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "data" / "media"
    submission = ReviewFactory(submission=SubmissionFactory(done__explained=True)).submission
    record_action(action=AuditEntry.Action.SAW, subject=submission, actor=None)
    before = state()
    assert len(before[-1]) == 3
    follow("back-up")

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    for path in settings.MEDIA_ROOT.rglob("*.*"):
        path.unlink()
    follow("restore")

    assert state() == before
    assert submission.reviews.get().history.count() == 1
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.objects.all().delete()
