"""One worker takes several waiting submissions at once, and no two take the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from classifier.models import Failure, Prediction, Status, Submission
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.claim import claim_submissions
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


def statuses() -> list[str]:
    return sorted(Submission.objects.values_list("status", flat=True))


def test_who_comes_for_one_takes_along_what_has_waited_longest(settings):
    settings.ANALYSIS_BATCH_SIZE = 3
    now = timezone.now()
    waiting = [SubmissionFactory(queued_at=now - timedelta(seconds=age)) for age in (1, 3, 4, 2)]
    taken = claim_submissions(waiting[0].pk)
    assert taken == [waiting[0], waiting[2], waiting[1]]
    assert {row.attempts for row in taken} == {1}
    assert statuses() == ["queued", "running", "running", "running"]
    for row in taken:
        stored = Submission.objects.get(pk=row.pk)
        assert (stored.attempts, stored.started_at is not None) == (1, True)


def test_what_is_taken_is_not_taken_twice():
    first, second = SubmissionFactory.create_batch(2)
    assert len(claim_submissions(first.pk)) == 2
    assert claim_submissions(first.pk) == claim_submissions(second.pk) == []


@pytest.mark.parametrize(
    "state", [{"running": True}, {"failed": True}, {"rejected": True}, {"done": True}]
)
def test_only_what_waits_is_taken_along(state):
    SubmissionFactory(**state)
    waiting = SubmissionFactory()
    assert claim_submissions(waiting.pk) == [waiting]


def test_what_was_tried_before_stands_alone(reviewer):
    fresh = SubmissionFactory()
    tried, overruled = SubmissionFactory(attempts=1), SubmissionFactory(overruled_by=reviewer)
    assert claim_submissions(tried.pk) == [tried]
    assert claim_submissions(overruled.pk) == [overruled]
    assert claim_submissions(fresh.pk) == [fresh]


def test_a_batch_of_one_takes_one(settings):
    settings.ANALYSIS_BATCH_SIZE = 1
    first, _ = SubmissionFactory.create_batch(2)
    assert claim_submissions(first.pk) == [first]


def test_a_batch_has_so_many_pixels_in_all(settings):
    settings.ANALYSIS_BATCH_PIXELS = 30_000_000
    now = timezone.now()
    for age, width in enumerate([8_000, 15_000, 12_000, 2_000, 10_000]):
        SubmissionFactory(width=width, height=1000, queued_at=now - timedelta(seconds=age))
    waiting = list(Submission.objects.order_by("queued_at"))
    assert [row.width for row in claim_submissions(waiting[0].pk)] == [10_000, 2_000, 12_000]
    assert [row.width for row in claim_submissions(waiting[3].pk)] == [15_000, 8_000]


def test_a_picture_beyond_a_batch_is_taken_alone(settings):
    settings.ANALYSIS_BATCH_PIXELS = 1_000_000
    large, _ = SubmissionFactory(width=7071, height=7071), SubmissionFactory()
    assert claim_submissions(large.pk) == [large]


def test_all_of_a_batch_go_through_the_network_in_one_call(analyst):
    calls = []
    analyst.meanwhile = lambda: calls.append(len(analyst.seen))
    first, *_ = SubmissionFactory.create_batch(5)
    assert analyse_waiting_submissions(first.pk) is False
    assert calls == [5]
    assert statuses() == ["done"] * 5
    assert Prediction.objects.count() == 5


def test_a_picture_that_cannot_be_read_takes_none_along(analyst, media):
    bad, *good = SubmissionFactory.create_batch(3)
    (media / bad.image.name).unlink()
    assert analyse_waiting_submissions(bad.pk) is False
    assert Submission.objects.get(pk=bad.pk).failure == Failure.UNREADABLE
    assert {Submission.objects.get(pk=row.pk).status for row in good} == {Status.DONE}


def test_a_picture_that_is_deleted_meanwhile_takes_none_along(analyst):
    first, gone, _ = SubmissionFactory.create_batch(3)
    analyst.meanwhile = lambda: Submission.objects.get(pk=gone.pk).delete()
    assert analyse_waiting_submissions(first.pk) is False
    assert statuses() == ["done", "done"]


def test_after_a_surprise_each_is_sent_again_and_stands_alone(analyst, sent):
    poison, *others = SubmissionFactory.create_batch(3)

    def surprise() -> None:
        if len(analyst.seen) > 1 or poison_is_seen():
            raise MemoryError

    def poison_is_seen() -> bool:
        return Submission.objects.filter(pk=poison.pk, status=Status.RUNNING).exists()

    analyst.meanwhile = surprise
    assert analyse_waiting_submissions(poison.pk) is True
    assert set(sent) == {str(row.pk) for row in others}
    assert statuses() == ["queued"] * 3
    for row in others:
        analyst.seen.clear()
        assert analyse_waiting_submissions(row.pk) is False
        assert Submission.objects.get(pk=row.pk).status == Status.DONE
    assert analyse_waiting_submissions(poison.pk) is True
    assert analyse_waiting_submissions(poison.pk) is False
    failed = Submission.objects.get(pk=poison.pk)
    assert (failed.status, failed.failure) == (Status.FAILED, Failure.GAVE_UP)
