"""Queue a submission again: a failed one by its owner, a finished one by an operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from classifier.models import Status, Submission
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.retry import requeue_submission, retry_submission
from classifier.services.submissions.sweep import sweep_lost_submissions
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(django_capture_on_commit_callbacks):
    """Return a function that calls `retry_submission`, or another service, and commits."""

    def committed(submission: Submission, service: Callable = retry_submission) -> bool:
        with django_capture_on_commit_callbacks(execute=True):
            return service(submission)

    return committed


def test_a_failed_submission_gets_all_its_attempts_back(queue, sent, analyst):
    long_ago = timezone.now() - timedelta(days=1)
    submission = SubmissionFactory(failed=True, started_at=long_ago, sent_at=long_ago)
    assert queue(submission) is True
    waiting = Submission.objects.get(pk=submission.pk)
    assert (waiting.status, waiting.attempts) == (Status.QUEUED, 0)
    assert (waiting.failure, waiting.failure_detail) == ("", "")
    assert (waiting.started_at, waiting.finished_at) == (None, None)
    assert waiting.sent_at > long_ago
    assert waiting.queued_at > submission.queued_at
    assert sent == [str(submission.pk)]
    analyse_waiting_submissions(submission.pk)
    assert Submission.objects.get(pk=submission.pk).status == Status.DONE


@pytest.mark.parametrize("state", [{}, {"running": True}, {"rejected": True}, {"done": True}])
def test_any_other_is_left_alone(queue, sent, state):
    submission = SubmissionFactory(**state)
    before = Submission.objects.values().get(pk=submission.pk)
    assert queue(submission) is False
    assert Submission.objects.values().get(pk=submission.pk) == before
    assert sent == []


def test_pressed_twice_it_is_queued_once(queue, sent):
    submission = SubmissionFactory(failed=True)
    assert [queue(submission) for _ in range(2)] == [True, False]
    assert len(sent) == 1


def test_an_operator_may_queue_a_finished_one_and_keeps_its_prediction(queue, sent):
    submission = SubmissionFactory(done=True)
    assert queue(submission, requeue_submission) is True
    assert Submission.objects.get(pk=submission.pk).status == Status.QUEUED
    assert submission.predictions.count() == 1
    assert sent == [str(submission.pk)]


@pytest.mark.parametrize("state", [{}, {"running": True}])
def test_an_operator_cannot_queue_what_is_under_way(queue, sent, state):
    assert queue(SubmissionFactory(**state), requeue_submission) is False
    assert sent == []


def test_one_that_is_gone(queue, sent):
    submission = SubmissionFactory(failed=True)
    Submission.objects.all().delete()
    assert queue(submission) is False
    assert sent == []


def test_nothing_is_sent_before_the_commit(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        retry_submission(SubmissionFactory(failed=True))
    assert len(callbacks) == 1
    assert sent == []


def surprise(submission: Submission, analyst) -> None:
    """Let every attempt end in an error that nobody expects."""

    def fail() -> None:
        raise MemoryError

    analyst.meanwhile = fail
    while analyse_waiting_submissions(submission.pk):
        pass


def lose(submission: Submission, analyst) -> None:
    """Let every attempt take its worker down."""
    while claim_submissions(submission.pk):
        Submission.objects.update(started_at=timezone.now() - timedelta(hours=1))
        sweep_lost_submissions()


@pytest.mark.parametrize("harm", [surprise, lose])
@pytest.mark.parametrize("attempts", [1, 3])
def test_what_took_a_worker_down_stands_alone_after_a_retry_too(analyst, settings, harm, attempts):
    settings.ANALYSIS_MAX_ATTEMPTS = attempts
    poison = SubmissionFactory()
    harm(poison, analyst)
    poison.refresh_from_db()
    assert (poison.status, poison.attempts) == (Status.FAILED, attempts)
    assert retry_submission(poison) is True
    fresh = SubmissionFactory()
    assert claim_submissions(fresh.pk) == [fresh]
    SubmissionFactory()
    assert claim_submissions(poison.pk) == [poison]


def test_what_failed_by_its_own_file_may_go_with_others(analyst, media):
    submission = SubmissionFactory()
    (media / submission.image.name).unlink()
    analyse_waiting_submissions(submission.pk)
    submission.refresh_from_db()
    assert retry_submission(submission) is True
    assert claim_submissions(SubmissionFactory().pk)[1:] == [submission]
