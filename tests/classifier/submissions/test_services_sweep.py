"""Nothing waits for ever: lost messages are sent again, rows of lost workers come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from classifier.models import Failure, Status, Submission
from classifier.services.submissions import sweep as module
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.sweep import (
    return_lost_companions,
    sweep_lost_submissions,
)
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.MESSAGE_LOST_AFTER = timedelta(seconds=120)
    settings.ANALYSIS_TIME_LIMIT = timedelta(seconds=30)
    settings.ANALYSIS_MAX_ATTEMPTS = 3


@pytest.fixture(autouse=True)
def queue(monkeypatch, sent) -> list[str]:
    """Return what the broker holds, which is all that was sent until a test takes it away."""
    monkeypatch.setattr(module, "count_waiting_messages", lambda: len(sent))
    return sent


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    return timezone.now()


def reloaded(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def test_a_message_that_was_lost_is_sent_again(sent, now):
    submission = SubmissionFactory(sent_at=now - timedelta(seconds=121))
    assert sweep_lost_submissions() == (1, 0, 0)
    assert sent == [str(submission.pk)]
    assert reloaded(submission).status == Status.QUEUED
    assert reloaded(submission).sent_at == now
    # Its message is on the way now.
    assert sweep_lost_submissions() == (0, 0, 0)
    assert sent == [str(submission.pk)]


def test_a_message_that_may_still_be_on_the_way_is_not(sent, now):
    SubmissionFactory(sent_at=now - timedelta(seconds=120))
    assert sweep_lost_submissions() == (0, 0, 0)
    assert sent == []


def test_a_row_whose_worker_was_lost_comes_back(sent, now, analyst):
    submission = SubmissionFactory(running=True, attempts=2, started_at=now - timedelta(seconds=31))
    assert sweep_lost_submissions() == (0, 1, 0)
    assert sent == [str(submission.pk)]
    returned = reloaded(submission)
    assert (returned.status, returned.attempts, returned.sent_at) == (Status.QUEUED, 2, now)
    analyse_waiting_submissions(submission.pk)
    assert (reloaded(submission).status, reloaded(submission).attempts) == (Status.DONE, 3)


def test_a_row_whose_worker_may_still_work_is_left_alone(sent, now):
    SubmissionFactory(running=True, started_at=now - timedelta(seconds=30))
    assert sweep_lost_submissions() == (0, 0, 0)
    assert sent == []


def test_a_row_that_lost_its_worker_too_often_fails(sent, now):
    submission = SubmissionFactory(running=True, attempts=3, started_at=now - timedelta(seconds=31))
    assert sweep_lost_submissions() == (0, 0, 1)
    failed = reloaded(submission)
    assert (failed.status, failed.failure) == (Status.FAILED, Failure.WORKER_LOST)
    assert failed.failure_detail
    assert failed.finished_at == now
    assert sent == []


@pytest.mark.parametrize("state", [{"failed": True}, {"done": True}])
def test_finished_rows_are_left_alone_however_old(sent, now, state):
    long_ago = now - timedelta(days=300)
    submission = SubmissionFactory(sent_at=long_ago, started_at=long_ago, **state)
    before = Submission.objects.values().get(pk=submission.pk)
    assert sweep_lost_submissions() == (0, 0, 0)
    assert Submission.objects.values().get(pk=submission.pk) == before
    assert sent == []


def test_one_sweep_sends_only_so_many(sent, now, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    SubmissionFactory.create_batch(3, sent_at=now - timedelta(hours=1))
    assert sweep_lost_submissions() == (2, 0, 0)
    assert len(set(sent)) == 2
    assert sweep_lost_submissions() == (1, 0, 0)
    assert len(set(sent)) == 3


def test_the_oldest_go_first(sent, now, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    minutes = (3, 9, 5, 7)
    lost = {m: SubmissionFactory(sent_at=now - timedelta(minutes=m)) for m in minutes}
    sweep_lost_submissions()
    assert sent == [str(lost[m].pk) for m in (9, 7)]
    died = {
        m: SubmissionFactory(running=True, started_at=now - timedelta(minutes=m)) for m in minutes
    }
    sent.clear()
    assert sweep_lost_submissions().returned == 2
    assert sent[:2] == [str(died[m].pk) for m in (9, 7)]


def test_what_waits_in_a_long_queue_is_not_sent_again(sent, now):
    waiting = SubmissionFactory.create_batch(3, sent_at=now - timedelta(hours=1))
    sent += [str(submission.pk) for submission in waiting]
    assert sweep_lost_submissions() == (0, 0, 0)
    assert len(sent) == 3


def test_only_as_many_are_sent_again_as_the_queue_is_short_of(sent, now):
    oldest = SubmissionFactory(sent_at=now - timedelta(hours=2))
    for submission in SubmissionFactory.create_batch(3, sent_at=now - timedelta(hours=1)):
        sent.append(str(submission.pk))
    assert sweep_lost_submissions() == (1, 0, 0)
    assert sent[3:] == [str(oldest.pk)]
    assert sweep_lost_submissions() == (0, 0, 0)


def test_nothing_is_sent_to_a_broker_that_is_gone(sent, now, monkeypatch, caplog):
    def gone() -> int:
        raise ConnectionError

    submission = SubmissionFactory(sent_at=now - timedelta(hours=1))
    monkeypatch.setattr(module, "count_waiting_messages", gone)
    assert sweep_lost_submissions() == (0, 0, 0)
    assert "nothing is sent again: ConnectionError" in caplog.text
    assert reloaded(submission).sent_at < now


def test_all_kinds_in_one_sweep(sent, now):
    long_ago = now - timedelta(hours=1)
    lost = SubmissionFactory(sent_at=long_ago)
    orphan = SubmissionFactory(running=True, started_at=long_ago, sent_at=long_ago)
    SubmissionFactory(running=True, attempts=3, started_at=long_ago)
    SubmissionFactory(), SubmissionFactory(running=True)
    assert sweep_lost_submissions() == (1, 1, 1)
    assert set(sent) == {str(lost.pk), str(orphan.pk)}
    assert len(sent) == 2


def test_a_row_is_taken_back_before_its_slow_worker_can_finish(now, analyst, time_machine):
    submission = SubmissionFactory()

    def stall() -> None:
        time_machine.move_to(now + timedelta(seconds=31), tick=False)
        assert sweep_lost_submissions() == (0, 1, 0)

    analyst.meanwhile = stall
    analyse_waiting_submissions(submission.pk)
    assert reloaded(submission).status == Status.QUEUED
    assert reloaded(submission).prediction is None


def test_a_retry_that_waits_is_not_sent_twice(sent, now, analyst, time_machine):
    submission = SubmissionFactory(sent_at=now - timedelta(seconds=119))

    def surprise() -> None:
        raise RuntimeError("boom")

    analyst.meanwhile = surprise
    assert analyse_waiting_submissions(submission.pk) is True
    time_machine.move_to(now + 5 * SECOND, tick=False)
    assert sweep_lost_submissions() == (0, 0, 0)


def test_what_was_claimed_with_a_lost_one_is_taken_back_at_once_and_sent_before_it(sent, now):
    deadly, *others = SubmissionFactory.create_batch(4)
    elsewhere = SubmissionFactory(running=True, started_at=now - SECOND)
    claim_submissions(deadly.pk)
    assert return_lost_companions(str(deadly.pk)) is True
    assert sent[-1] == str(deadly.pk)
    assert set(sent[:-1]) == {str(row.pk) for row in others}
    for row in (deadly, *others):
        assert (reloaded(row).status, reloaded(row).alone) == (Status.QUEUED, True)
    assert reloaded(elsewhere).status == Status.RUNNING
    assert return_lost_companions(deadly.pk) is False


def test_what_kills_every_worker_fails_in_the_end(sent):
    deadly = SubmissionFactory()
    for _ in range(3):
        claim_submissions(deadly.pk)
        assert return_lost_companions(deadly.pk) is True
    assert reloaded(deadly).status == Status.FAILED
    assert reloaded(deadly).failure == Failure.WORKER_LOST
    assert len(sent) == 2
