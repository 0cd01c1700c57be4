"""One worker brings each row to an end: DONE with a prediction or FAILED with a reason."""

from __future__ import annotations

import uuid

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from classifier import predictors
from classifier.models import Failure, Prediction, Status, Submission
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.retry import requeue_submission
from ml.packaging.bundle import BundleError
from tests.factories import ModelVersionFactory, SubmissionFactory, picture

pytestmark = pytest.mark.django_db


def reloaded(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def change(submission: Submission, **fields: object):
    """Return a function that changes the row as another process would."""
    return lambda: Submission.objects.filter(pk=submission.pk).update(**fields)


@pytest.mark.parametrize(
    ("malignant", "verdict", "confidence"),
    [(0.75, "malignant", 0.75), (0.125, "benign", 0.875)],
)
def test_a_waiting_submission_is_done(analyst, time_machine, malignant, verdict, confidence):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    analyst.malignant_probability = malignant
    submission = SubmissionFactory(failure="gave_up", failure_detail="x")
    assert analyse_waiting_submissions(str(submission.pk)) is False
    done = reloaded(submission)
    assert done.status == Status.DONE
    assert done.attempts == 1
    assert done.started_at == done.finished_at == timezone.now()
    assert (done.failure, done.failure_detail) == ("", "")
    prediction = done.prediction
    assert prediction.submission == submission
    assert prediction.verdict == verdict
    assert prediction.malignant_probability == malignant
    assert prediction.confidence == confidence
    assert prediction.probabilities == {"benign": 1 - malignant, "malignant": malignant}
    assert prediction.inference_ms == 12.5
    assert str(prediction.model_version) == "seven-stage 0.0.1"


def test_the_network_sees_the_stored_picture_in_colour(analyst):
    submission = SubmissionFactory()
    analyse_waiting_submissions(submission.pk)
    (image,) = analyst.seen
    assert image.mode == "RGB"
    assert image.size == (160, 120)


def test_it_is_running_while_the_network_works(analyst):
    submission = SubmissionFactory()
    states = []
    analyst.meanwhile = lambda: states.append(reloaded(submission))
    analyse_waiting_submissions(submission.pk)
    (during,) = states
    assert (during.status, during.attempts) == (Status.RUNNING, 1)
    assert during.started_at is not None


def test_a_message_delivered_twice_does_the_work_once(analyst):
    submission = SubmissionFactory()
    assert [analyse_waiting_submissions(submission.pk) for _ in range(3)] == [False] * 3
    assert len(analyst.seen) == 1
    assert Prediction.objects.count() == 1
    assert reloaded(submission).attempts == 1


def test_a_message_delivered_while_it_runs_does_nothing(analyst):
    submission = SubmissionFactory()
    answers = []
    analyst.meanwhile = lambda: answers.append(analyse_waiting_submissions(submission.pk))
    analyse_waiting_submissions(submission.pk)
    assert answers == [False]
    assert len(analyst.seen) == 1
    assert reloaded(submission).status == Status.DONE


@pytest.mark.parametrize(
    "state", [{"running": True}, {"failed": True}, {"rejected": True}, {"done": True}]
)
def test_a_row_that_does_not_wait_is_left_alone(analyst, state):
    submission = SubmissionFactory(**state)
    before = Submission.objects.values().get(pk=submission.pk)
    assert analyse_waiting_submissions(submission.pk) is False
    assert analyst.seen == []
    assert Submission.objects.values().get(pk=submission.pk) == before


def test_a_row_that_is_gone(analyst):
    assert analyse_waiting_submissions(uuid.uuid4()) is False
    assert analyst.seen == []


def test_a_row_deleted_while_it_runs(analyst):
    submission = SubmissionFactory()
    analyst.meanwhile = lambda: Submission.objects.get(pk=submission.pk).delete()
    assert analyse_waiting_submissions(submission.pk) is False
    assert not Submission.objects.exists()
    assert not Prediction.objects.exists()


def fail() -> None:
    raise RuntimeError("the graphics card is on fire")


@pytest.mark.parametrize("ending", ["with an answer", "with an error"])
@pytest.mark.parametrize(
    "fields",
    [
        # The sweep has returned the row.
        {"status": Status.QUEUED},
        # The sweep has returned the row, and another worker has claimed it.
        {"status": Status.RUNNING, "attempts": 2},
        {"status": Status.FAILED, "failure": "gave_up", "attempts": 3},
    ],
)
def test_a_worker_that_was_given_up_changes_nothing_any_more(analyst, fields, ending):
    submission = SubmissionFactory()
    rows = Submission.objects.filter(pk=submission.pk)
    after_the_sweep = []

    def stall() -> None:
        change(submission, **fields)()
        after_the_sweep.append(rows.values().get())
        if ending == "with an error":
            fail()

    analyst.meanwhile = stall
    assert analyse_waiting_submissions(submission.pk) is False
    assert rows.values().get() == after_the_sweep[0]
    assert not Prediction.objects.exists()


def test_a_worker_that_was_given_up_leaves_the_answer_of_the_next_one(analyst):
    submission = SubmissionFactory()

    def stall() -> None:
        analyst.meanwhile = lambda: None
        change(submission, status=Status.QUEUED)()
        analyst.malignant_probability = 0.25
        analyse_waiting_submissions(submission.pk)
        analyst.malignant_probability = 0.75

    analyst.meanwhile = stall
    analyse_waiting_submissions(submission.pk)
    assert reloaded(submission).prediction.malignant_probability == 0.25
    assert Prediction.objects.count() == 1


@pytest.mark.parametrize("damage", ["missing", "no picture", "empty", "cut short"])
def test_a_stored_picture_that_cannot_be_read_fails_at_once(analyst, media, damage):
    submission = SubmissionFactory()
    path = media / submission.image.name
    path.unlink()
    if damage != "missing":
        contents = {"no picture": b"no picture", "empty": b"", "cut short": picture()[:900]}
        path.write_bytes(contents[damage])
    assert analyse_waiting_submissions(submission.pk) is False
    failed = reloaded(submission)
    assert (failed.status, failed.attempts) == (Status.FAILED, 1)
    assert failed.failure == Failure.UNREADABLE
    assert failed.failure_detail
    assert failed.finished_at is not None
    assert failed.prediction is None
    assert analyst.seen == []


@pytest.mark.parametrize(
    "error",
    [RuntimeError("boom"), SoftTimeLimitExceeded(), MemoryError(), BundleError("No model.")],
)
def test_a_surprise_is_tried_again_until_the_attempts_are_used_up(analyst, settings, caplog, error):
    settings.ANALYSIS_MAX_ATTEMPTS = 3
    submission = SubmissionFactory()

    def surprise() -> None:
        raise error

    analyst.meanwhile = surprise
    for attempt in (1, 2):
        before = timezone.now()
        assert analyse_waiting_submissions(submission.pk) is True
        waiting = reloaded(submission)
        assert (waiting.status, waiting.attempts) == (Status.QUEUED, attempt)
        assert type(error).__name__ in waiting.failure_detail
        assert waiting.failure == ""
        assert waiting.sent_at >= before  # its retry is a message of its own
    assert analyse_waiting_submissions(submission.pk) is False
    failed = reloaded(submission)
    assert (failed.status, failed.attempts) == (Status.FAILED, 3)
    assert failed.failure == Failure.GAVE_UP
    assert type(error).__name__ in failed.failure_detail
    assert analyse_waiting_submissions(submission.pk) is False
    assert len(analyst.seen) == 3
    assert "Traceback" in caplog.text


def test_a_surprise_that_goes_away(analyst):
    submission = SubmissionFactory()
    analyst.meanwhile = fail
    assert analyse_waiting_submissions(submission.pk) is True
    analyst.meanwhile = lambda: None
    assert analyse_waiting_submissions(submission.pk) is False
    done = reloaded(submission)
    assert (done.status, done.attempts) == (Status.DONE, 2)
    assert (done.failure, done.failure_detail) == ("", "")


def test_without_an_active_model_it_waits(monkeypatch):
    ModelVersionFactory(is_active=False)
    submission = SubmissionFactory()
    assert analyse_waiting_submissions(submission.pk) is True
    assert "register_models" in reloaded(submission).failure_detail


def test_analysed_again_by_another_version_both_predictions_stay(analyst, monkeypatch):
    submission = SubmissionFactory()
    analyse_waiting_submissions(submission.pk)
    first = reloaded(submission).prediction
    requeue_submission(submission)
    newer = ModelVersionFactory(version="0.0.2")
    monkeypatch.setattr(predictors, "load_active_analyst", lambda: (newer, analyst))
    analyse_waiting_submissions(submission.pk)
    assert reloaded(submission).prediction.model_version == newer
    assert set(submission.predictions.all()) == {first, reloaded(submission).prediction}


def test_analysed_again_by_the_same_version_its_prediction_stays(analyst):
    submission = SubmissionFactory()
    analyse_waiting_submissions(submission.pk)
    first = reloaded(submission).prediction
    requeue_submission(submission)
    analyst.malignant_probability = 0.1
    assert analyse_waiting_submissions(submission.pk) is False
    done = reloaded(submission)
    assert (done.status, done.prediction) == (Status.DONE, first)
    assert done.prediction.malignant_probability == 0.75


def test_a_grey_or_indexed_picture_in_the_storage_is_shown_in_colour(analyst, media):
    submission = SubmissionFactory()
    (media / submission.image.name).write_bytes(picture("gif"))
    analyse_waiting_submissions(submission.pk)
    assert analyst.seen[0].mode == "RGB"
