"""The operator's page tells what works, waits and went wrong, and nothing of a person."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.models import Submission
from classifier.services.operation import readiness
from tests.classifier.markup import visible_text
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(superuser, login, monkeypatch):
    """Return the text of the page, while every part of the site works."""
    monkeypatch.setattr(readiness, "CHECKS", {"database": lambda: None, "storage": lambda: None})
    client = login(superuser)

    def text() -> str:
        answer = client.get(reverse("operation"))
        assert answer.status_code == 200
        return " ".join(visible_text(answer.content).split())

    return text


def test_an_idle_site(read):
    text = read()
    assert "Database Works Storage Works" in text
    assert "Waiting 0" in text
    assert "Finished none" in text
    assert "None. Run: python manage.py register_models" in text


def test_a_part_that_does_not_work_says_why(read, monkeypatch):
    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setitem(readiness.CHECKS, "storage", full)
    assert "Storage Does not work: OSError: No space left on device" in read()


def test_what_waits_was_finished_and_failed(read):
    ModelVersionFactory(is_active=True, name="lesion-net", version="1.2.3")
    SubmissionFactory(), SubmissionFactory(running=True)
    done = SubmissionFactory.create_batch(3, done=True)
    failed = SubmissionFactory(failed=True, failure_detail="MemoryError: too large")
    SubmissionFactory(rejected=True)
    Submission.objects.exclude(status__in=["queued", "running"]).update(finished_at=timezone.now())
    text = read()
    assert "Waiting 1" in text
    assert "Being analysed 1" in text
    assert "lesion-net 1.2.3" in text
    assert f"Done, by {done[0].prediction.model_version} 3" in text
    assert "Rejected as blurred 1" in text
    assert "Upload to result, median" in text
    assert str(failed.pk) in text
    assert "MemoryError: too large" in text


def test_nothing_of_a_person_is_shown(read):
    failed = SubmissionFactory(failed=True, original_name="ada-left-arm.jpg")
    text = read()
    assert failed.owner.email not in text
    assert "left-arm" not in text


def test_administrators_find_it_in_the_admin(superuser, reviewer, login):
    link = f'href="{reverse("operation")}"'
    assert link in login(superuser).get(reverse("admin:index")).content.decode()
    assert link not in login(reviewer).get(reverse("admin:index")).content.decode()
