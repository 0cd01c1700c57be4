"""A picture that cannot be judged gets no verdict, unless a clinician decides otherwise."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from classifier.models import Prediction, Status, Submission
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.retry import (
    overrule_rejection,
    requeue_submission,
    retry_submission,
)
from ml.judging.frames import Box
from tests.classifier.fakes import REJECTION
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


def reloaded(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


@pytest.fixture
def rejecting(analyst):
    analyst.rejection = REJECTION
    return analyst


def test_a_rejected_picture_has_a_reason_and_no_prediction(rejecting):
    submission = SubmissionFactory()
    assert analyse_waiting_submissions(submission.pk) is False
    found = reloaded(submission)
    assert found.status == Status.REJECTED
    assert found.rejection == "blurred"
    assert found.rejection_values == REJECTION.values
    assert found.failure_detail == REJECTION.detail
    assert found.failure == ""
    assert found.finished_at is not None
    assert found.prediction is None
    assert not Prediction.objects.exists()
    assert found.is_finished


def test_how_a_rejected_picture_was_taken_and_what_its_border_left_is_kept(rejecting):
    rejecting.image_type, rejecting.frame = "clinical", Box(10, 0, 150, 120)
    submission = SubmissionFactory()
    analyse_waiting_submissions(submission.pk)
    found = reloaded(submission)
    assert (found.status, found.image_type) == (Status.REJECTED, "clinical")
    assert found.content == (10, 0, 150, 120)


def test_a_row_deleted_while_its_picture_is_rejected(rejecting):
    submission = SubmissionFactory()
    rejecting.meanwhile = lambda: Submission.objects.all().delete()
    assert analyse_waiting_submissions(submission.pk) is False
    assert not Submission.objects.exists()


def test_its_owner_cannot_have_it_tried_again_as_it_is(sent):
    assert retry_submission(SubmissionFactory(rejected=True)) is False
    assert sent == []


def test_a_clinician_overrules(rejecting, reviewer, sent, django_capture_on_commit_callbacks):
    submission = SubmissionFactory(rejected=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert overrule_rejection(submission, reviewer=reviewer) is True
    assert sent == [str(submission.pk)]
    assert reloaded(submission).status == Status.QUEUED
    analyse_waiting_submissions(submission.pk)
    done = reloaded(submission)
    assert (done.status, done.overruled_by) == (Status.DONE, reviewer)
    assert done.prediction.verdict == "malignant"
    # The reason why it took a clinician stays on record.
    assert (done.rejection, done.rejection_values) == ("blurred", {})


def test_overruled_once_it_stays_so(rejecting, reviewer):
    submission = SubmissionFactory(rejected=True)
    overrule_rejection(submission, reviewer=reviewer)
    analyse_waiting_submissions(submission.pk)
    requeue_submission(submission)
    analyse_waiting_submissions(submission.pk)
    assert reloaded(submission).status == Status.DONE


@pytest.mark.parametrize("state", [{}, {"running": True}, {"failed": True}, {"done": True}])
def test_there_is_nothing_to_overrule_in_any_other_state(state, reviewer, sent):
    submission = SubmissionFactory(**state)
    assert overrule_rejection(submission, reviewer=reviewer) is False
    assert reloaded(submission).overruled_by is None
    assert sent == []


def test_nobody_else_overrules(staff, owner):
    submission = SubmissionFactory(rejected=True, owner=owner)
    for person in (staff, owner):
        with pytest.raises(PermissionDenied):
            overrule_rejection(submission, reviewer=person)
    assert reloaded(submission).status == Status.REJECTED


def test_accepted_by_a_later_model_nothing_is_left_of_the_rejection(analyst):
    submission = SubmissionFactory(rejected=True)
    requeue_submission(submission)
    analyse_waiting_submissions(submission.pk)
    done = reloaded(submission)
    assert done.status == Status.DONE
    assert (done.rejection, done.rejection_values) == ("", None)


def test_rejected_by_a_later_model_its_earlier_prediction_stays(rejecting):
    submission = SubmissionFactory(done=True)
    requeue_submission(submission)
    analyse_waiting_submissions(submission.pk)
    found = reloaded(submission)
    assert found.status == Status.REJECTED
    assert submission.predictions.count() == 1
