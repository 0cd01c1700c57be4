"""Celery's tasks take a primary key and call one service, and their limits hold."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from celery.exceptions import Retry
from django.conf import settings
from django.utils import timezone

from classifier import predictors, tasks
from classifier.models import Status, Submission
from classifier.services.account.mail import MAIL_TASK
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.dispatch import ANALYSE_TASK
from ml.packaging.bundle import BundleError
from skinsite.celery import app
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


def test_the_task_analyses_the_row_of_its_key(analyst):
    submission = SubmissionFactory()
    tasks.analyse_submission(str(submission.pk))
    assert Submission.objects.get(pk=submission.pk).status == Status.DONE


def test_a_surprise_is_handed_back_to_celery_to_try_later(analyst):
    def surprise() -> None:
        raise RuntimeError("boom")

    analyst.meanwhile = surprise
    with pytest.raises(Retry):
        tasks.analyse_submission(str(SubmissionFactory().pk))


def test_what_cannot_get_better_is_not_tried_again(analyst, media):
    submission = SubmissionFactory()
    (media / submission.image.name).unlink()
    tasks.analyse_submission(str(submission.pk))
    assert Submission.objects.get(pk=submission.pk).status == Status.FAILED


def test_a_message_that_comes_again_tells_that_its_worker_was_killed(analyst, sent):
    first, second = SubmissionFactory.create_batch(2)
    claim_submissions(first.pk)
    task = app.tasks[ANALYSE_TASK]
    task.push_request(delivery_info={"redelivered": True})
    task.run(str(first.pk))
    assert sent == [str(second.pk), str(first.pk)]
    task.run(str(first.pk))
    task.pop_request()
    assert Submission.objects.get(pk=first.pk).status == Status.DONE


def test_the_sweep_task_says_what_it_found(caplog, time_machine):
    SubmissionFactory()
    tasks.sweep_submissions()
    assert "Sweep" not in caplog.text
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    tasks.sweep_submissions()
    assert "Swept(resent=1, returned=0, failed=0)" in caplog.text


def test_a_message_is_kept_until_its_work_is_done():
    task = app.tasks[ANALYSE_TASK]
    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.ignore_result
    assert task.max_retries is None  # the row counts the attempts
    assert app.conf.worker_prefetch_multiplier == 1


def test_time_limits_are_soft_first_and_known_to_the_sweep():
    assert 0 < app.conf.task_soft_time_limit < app.conf.task_time_limit
    assert app.conf.task_time_limit == settings.ANALYSIS_TIME_LIMIT.total_seconds()


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("sweep", settings.SWEEP_EVERY),
        ("expire", settings.EXPIRE_EVERY),
        ("tidy", settings.TIDY_EVERY),
    ],
)
def test_the_schedule_sweeps_expires_and_tidies(name, every):
    entry = app.conf.beat_schedule[name]
    assert entry["task"] in app.tasks
    assert entry["schedule"] == every


def test_the_expiry_task_says_how_many_it_deleted(caplog, settings, time_machine):
    caplog.set_level(logging.INFO)
    SubmissionFactory(done=True)
    tasks.expire_submissions()
    assert "Retention" not in caplog.text
    settings.RETENTION = timedelta(days=1)
    time_machine.move_to(timezone.now() + timedelta(days=2))
    tasks.expire_submissions()
    assert "Retention: 1 submissions deleted" in caplog.text


def test_a_worker_says_that_it_is_warm(analyst, settings, tmp_path, caplog):
    settings.DATA_DIR = tmp_path
    (tmp_path / "run").mkdir()
    caplog.set_level(logging.INFO)
    tasks.load_model()
    assert "seven-stage 0.0.1 is loaded and warm" in caplog.text
    assert (tmp_path / "run" / "worker_ready").exists()


def test_a_worker_that_nobody_waits_for_loads_no_model(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(
        predictors, "load_active_analyst", lambda: pytest.fail("the model was asked for")
    )
    with monkeypatch.context() as patched:
        patched.setattr(app.amqp, "queues", app.amqp.Queues(app.conf.task_queues))
        app.amqp.queues.select([settings.BULK_QUEUE])
        tasks.load_model()
    assert "warm" not in caplog.text


def test_only_analysis_goes_to_those_who_wait_for_people():
    def queue(name: str) -> str:
        return app.amqp.router.route({}, name)["queue"].name

    ours = [name for name in app.tasks if name.startswith("classifier.")]
    assert {name for name in ours if queue(name) == "analysis"} == {ANALYSE_TASK}
    assert {name for name in ours if queue(name) == "mail"} == {MAIL_TASK}
    assert {queue(name) for name in ours} == {"analysis", "bulk", "mail"}
    # A worker that is told no queue serves all of them.
    assert set(app.amqp.queues.consume_from) == {"analysis", "bulk", "mail"}


def test_a_worker_without_a_model_stays_up_and_says_so(settings, tmp_path, monkeypatch, caplog):
    def missing() -> None:
        raise BundleError("No model is active.")

    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(predictors, "load_active_analyst", missing)
    tasks.load_model()
    assert "No model is active." in caplog.text
    assert not (tmp_path / "run" / "worker_ready").exists()
