"""Work reaches a worker, or is done where it is asked for: a setting says which."""

from __future__ import annotations

import inspect

import pytest

from classifier import predictors
from classifier.models import Prediction, Status, Submission
from classifier.services.registry import reanalyse
from classifier.services.submissions.dispatch import (
    ANALYSE_TASK,
    dispatch_analysis,
    dispatch_reanalysis,
)
from classifier.services.submissions.retry import retry_submission
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(settings) -> None:
    settings.DISPATCHER = "classifier.services.submissions.dispatch.run_in_this_process"


def test_by_itself_a_worker_is_sent_the_key(messages):
    submission = SubmissionFactory()
    dispatch_analysis(submission.pk)
    assert messages == [(ANALYSE_TASK, [str(submission.pk)])]


@pytest.mark.usefixtures("here", "analyst")
def test_in_this_process_the_result_is_there_at_once(messages):
    submission = SubmissionFactory()
    dispatch_analysis(submission.pk)
    assert Submission.objects.get(pk=submission.pk).status == Status.DONE
    assert messages == []


@pytest.mark.usefixtures("here")
def test_in_this_process_the_work_is_called_by_who_asks_for_it(analyst):
    callers: set[str] = set()
    analyst.meanwhile = lambda: callers.update(frame.function for frame in inspect.stack())
    dispatch_analysis(SubmissionFactory().pk)
    assert "test_in_this_process_the_work_is_called_by_who_asks_for_it" in callers


@pytest.mark.usefixtures("here")
def test_in_this_process_a_failure_is_that_of_the_picture_alone(
    analyst, django_capture_on_commit_callbacks
):
    def fail() -> None:
        raise RuntimeError("boom")

    analyst.meanwhile = fail
    first, second = SubmissionFactory.create_batch(2)
    dispatch_analysis(first.pk)
    for row in Submission.objects.all():
        assert row.status == Status.FAILED
        assert "boom" in row.failure_detail
    analyst.meanwhile = lambda: None
    with django_capture_on_commit_callbacks(execute=True):
        assert retry_submission(Submission.objects.get(pk=second.pk))
    assert Submission.objects.get(pk=second.pk).status == Status.DONE


@pytest.mark.usefixtures("here")
def test_in_this_process_one_batch_comes_after_the_other_however_many_there_are(
    analyst, monkeypatch
):
    monkeypatch.setattr(reanalyse, "BATCH", 1)
    monkeypatch.setattr(predictors, "load_analyst", lambda model_version: analyst)
    SubmissionFactory.create_batch(3, done=True)
    later, depths = ModelVersionFactory(version="0.0.2"), []
    analyst.meanwhile = lambda: depths.append(len(inspect.stack(0)))
    dispatch_reanalysis(later.pk)
    assert Prediction.objects.filter(model_version=later).count() == 3
    assert len(set(depths)) == 1
