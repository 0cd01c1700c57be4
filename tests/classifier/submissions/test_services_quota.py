"""One account cannot crowd out the others, and a cache that is gone refuses nobody."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from classifier.models import Submission
from classifier.services.submissions.quota import QuotaExceeded, charge_upload
from classifier.services.submissions.retry import requeue_submission, retry_submission
from classifier.services.submissions.submit import submit_picture
from tests.factories import SubmissionFactory, picture

pytestmark = pytest.mark.django_db


def send(owner) -> Submission:
    return submit_picture(owner=owner, stream=io.BytesIO(picture()), name="mole.jpg")


def test_so_many_in_an_hour_and_then_again_in_the_next(owner, other, settings, time_machine):
    settings.UPLOADS_PER_HOUR = 2
    time_machine.move_to("2026-03-01 12:10:00+00:00")
    send(owner), send(owner)
    with pytest.raises(QuotaExceeded, match=r"2 pictures within an hour.*Please send this one"):
        send(owner)
    send(other)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    send(owner)
    assert Submission.objects.filter(owner=owner).count() == 3


def test_deleting_gives_no_new_ones_within_the_hour(owner, settings):
    settings.UPLOADS_PER_HOUR = 1
    send(owner).delete()
    with pytest.raises(QuotaExceeded):
        send(owner)


def test_so_many_are_kept_until_some_are_deleted(owner, settings, stored_files):
    settings.UPLOADS_KEPT = 2
    first, _ = SubmissionFactory.create_batch(2, owner=owner)
    with pytest.raises(QuotaExceeded, match="You have 2 pictures here"):
        send(owner)
    assert len(stored_files()) == 4
    first.delete()
    send(owner)


def test_without_a_cache_nobody_is_refused(owner, settings, monkeypatch, caplog):
    def gone(*arguments, **options):
        raise ConnectionError("redis is gone")

    settings.UPLOADS_PER_HOUR = 0
    monkeypatch.setattr(type(cache._connections["default"]), "add", gone)
    charge_upload(owner=owner)
    assert "uploads are not counted: ConnectionError" in caplog.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_page_names_what_was_too_much(owner_client, settings, accept):
    settings.UPLOADS_PER_HOUR = 1
    files = [SimpleUploadedFile(name, picture(), "image/jpeg") for name in ("a.jpg", "b.jpg")]
    answer = owner_client.post(reverse("upload"), {"images": files}, headers={"accept": accept})
    assert answer.status_code == (429 if accept == "text/html" else 207)
    assert "b.jpg" in answer.content.decode()
    assert "1 pictures within an hour" in answer.content.decode()
    assert Submission.objects.get().original_name == "a.jpg"


def fail(owner, number: int) -> list[Submission]:
    return SubmissionFactory.create_batch(number, owner=owner, failed=True)


def test_so_many_retries_in_an_hour_apart_from_uploads(owner, other, settings, time_machine):
    settings.RETRIES_PER_HOUR, settings.UPLOADS_PER_HOUR = 2, 1
    time_machine.move_to("2026-03-01 12:10:00+00:00")
    first, second, third = fail(owner, 3)
    assert retry_submission(first) is retry_submission(second) is True
    with pytest.raises(QuotaExceeded, match=r"tried 2 pictures again within an hour.*Please try"):
        retry_submission(third)
    third.refresh_from_db()
    assert third.is_failed
    assert retry_submission(*fail(other, 1)) is True
    send(owner)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert retry_submission(third) is True


def test_what_cannot_be_tried_again_and_what_an_operator_queues_cost_no_retry(owner, settings):
    settings.RETRIES_PER_HOUR = 1
    done, first, second = SubmissionFactory(owner=owner, done=True), *fail(owner, 2)
    assert retry_submission(done) is False
    assert requeue_submission(done) is requeue_submission(first) is True
    assert retry_submission(second) is True


def test_the_page_says_that_it_was_one_retry_too_many(owner, owner_client, settings, sent):
    settings.RETRIES_PER_HOUR = 0
    (submission,) = fail(owner, 1)
    answer = owner_client.post(reverse("retry", args=[submission.pk]))
    assert answer.status_code == 429
    text = answer.content.decode()
    assert "Please try this one again in an hour." in text
    assert submission.failure_reason in text
    assert sent == []
