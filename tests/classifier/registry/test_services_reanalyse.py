"""Another model version's predictions are added beside those that were there."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import OperationalError

from classifier import predictors, tasks
from classifier.management.commands import reanalyse as command
from classifier.models import Prediction, Submission
from classifier.services.registry import reanalyse as service
from classifier.services.submissions.dispatch import REANALYSE_TASK
from tests.classifier.fakes import REJECTION, FakeAnalyst
from tests.factories import ModelVersionFactory, SubmissionFactory, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def newer():
    return ModelVersionFactory(version="0.0.2", is_active=True)


@pytest.fixture
def analyst(monkeypatch):
    fake = FakeAnalyst(malignant_probability=0.125)
    monkeypatch.setattr(predictors, "load_analyst", lambda model_version: fake)
    return fake


@pytest.fixture
def run(newer, analyst):
    """Return a function that calls the command and returns what it prints.

    The command must name exactly as many as have failed when it ends.
    """

    def called(*arguments: str, failed: Sequence[Submission] = ()) -> str:
        output = io.StringIO()
        expected = pytest.raises(CommandError, match=f"{len(failed)} failed: ")
        with expected if failed else nullcontext() as error:
            call_command("reanalyse", *arguments, stdout=output)
        if failed:
            assert all(str(submission.pk) in str(error.value) for submission in failed)
            assert error.value.returncode == 1
        return output.getvalue()

    return called


def rows() -> list[tuple]:
    fields = ("status", "attempts", "prediction_id", "finished_at", "failure")
    return list(Submission.objects.order_by("pk").values_list(*fields))


def test_predictions_are_added_and_what_was_shown_stays(run, newer, analyst):
    done = SubmissionFactory.create_batch(3, done=True)
    before, shown = rows(), list(Prediction.objects.order_by("pk").values())
    assert "3 added" in run()
    assert rows() == before
    assert list(Prediction.objects.exclude(model_version=newer).order_by("pk").values()) == shown
    added = Prediction.objects.filter(model_version=newer)
    assert {prediction.submission for prediction in added} == set(done)
    assert {prediction.verdict for prediction in added} == {"benign"}
    assert all(prediction.heat_map for prediction in added)


def test_only_results_get_another(run, analyst):
    for state in ({}, {"running": True}, {"failed": True}, {"rejected": True}):
        SubmissionFactory(**state)
    assert "0 results without" in run()
    assert analyst.seen == []


def test_started_again_it_goes_on_with_what_is_left(run, newer, analyst, monkeypatch):
    monkeypatch.setattr(command, "BATCH", 2)
    SubmissionFactory.create_batch(5, done=True)

    def stop() -> None:
        if len(analyst.seen) > 2:
            raise KeyboardInterrupt

    analyst.meanwhile = stop
    with pytest.raises(CommandError, match="Start it again to go on"):
        run()
    assert Prediction.objects.filter(model_version=newer).count() == 2
    analyst.meanwhile = lambda: None
    assert "3 added" in run()
    assert Prediction.objects.filter(model_version=newer).count() == 5
    assert "0 added" in run()


def test_only_results_since_the_day_get_another(run, newer):
    old, new = SubmissionFactory.create_batch(2, done=True)
    days = {old: datetime(2026, 3, 1, tzinfo=UTC), new: datetime(2026, 3, 2, tzinfo=UTC)}
    for submission, day in days.items():
        Submission.objects.filter(pk=submission.pk).update(created_at=day)
    assert "1 added" in run("--since", "2026-03-02")
    assert Prediction.objects.get(model_version=newer).submission == new


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "01.03.2026"])
def test_a_day_that_is_none_is_refused(run, day):
    with pytest.raises(CommandError, match="2026-01-31"):
        run("--since", day)


def test_a_named_model_is_used_and_not_the_newest(run, newer):
    other = ModelVersionFactory(name="other", version="1.0.0")
    SubmissionFactory(done=True)
    run("--model", "other")
    assert Prediction.objects.filter(model_version=other).count() == 1
    assert not Prediction.objects.filter(model_version=newer).exists()


def test_the_latest_version_of_a_named_model(run):
    ModelVersionFactory(name="other", version="1.0.0")
    latest = ModelVersionFactory(name="other", version="1.1.0")
    SubmissionFactory(done=True)
    run("--model", "other")
    assert Prediction.objects.filter(model_version=latest).count() == 1


def test_a_model_that_is_not_registered_is_refused(run):
    with pytest.raises(CommandError, match="Known: seven-stage"):
        run("--model", "no-such-model")


def test_a_model_without_its_files_is_refused(newer):
    with pytest.raises(CommandError, match="register_models"):
        call_command("reanalyse")


def test_pictures_it_rejects_or_cannot_read_are_counted(run, newer, analyst, media):
    lost, torn, bad = SubmissionFactory.create_batch(3, done=True)
    (media / lost.image.name).unlink()
    (media / torn.image.name).write_bytes(picture()[:900])
    assert "1 added, 2 unreadable" in run(failed=[lost, torn])
    analyst.rejection = REJECTION
    Prediction.objects.filter(model_version=newer).delete()
    assert "0 added, 1 rejected, 2 unreadable" in run(failed=[lost, torn])
    assert Submission.objects.get(pk=bad.pk).is_done


@pytest.fixture
def poison(analyst) -> Submission:
    """Return a submission that no network can look at, whichever others it is looked at with."""
    poison = SubmissionFactory(done=True, image=ContentFile(picture(size=(80, 80)), name="a.jpg"))

    def surprise() -> None:
        looked, analyst.seen = analyst.seen, []
        if any(image.size == (80, 80) for image in looked):
            raise RuntimeError("boom")

    analyst.meanwhile = surprise
    return poison


def test_one_bad_picture_ends_nothing_and_is_named(run, newer, poison):
    SubmissionFactory.create_batch(3, done=True)
    assert "3 added, 1 failed" in run(failed=[poison])
    assert Prediction.objects.filter(model_version=newer).count() == 3
    assert "0 added, 1 failed" in run(failed=[poison])


def test_as_a_task_one_bad_picture_ends_nothing(newer, poison, messages, monkeypatch, caplog):
    monkeypatch.setattr(service, "BATCH", 2)
    SubmissionFactory.create_batch(4, done=True)
    arguments = [newer.pk]
    while arguments:
        tasks.reanalyse_results(*arguments)
        arguments = messages.pop()[1] if messages else []
    assert Prediction.objects.filter(model_version=newer).count() == 4
    assert f"{poison.pk} failed: RuntimeError" in caplog.text


def test_as_a_task_a_batch_without_time_ends_nothing(newer, analyst, messages, caplog):
    late = SubmissionFactory(done=True)

    def hang() -> None:
        raise SoftTimeLimitExceeded

    analyst.meanwhile = hang
    tasks.reanalyse_results(newer.pk)
    assert messages == [(REANALYSE_TASK, [newer.pk, str(late.pk)])]
    assert f"no time left for some of {late.pk}" in caplog.text


def test_without_a_database_nothing_goes_on(newer, analyst, messages):
    SubmissionFactory.create_batch(2, done=True)

    def gone() -> None:
        raise OperationalError("the database is gone")

    analyst.meanwhile = gone
    with pytest.raises(OperationalError):
        tasks.reanalyse_results(newer.pk)
    assert len(analyst.seen) == 2
    assert messages == []
    assert OperationalError in tasks.reanalyse_results.autoretry_for


def test_what_took_a_worker_down_is_looked_at_by_itself(run, analyst):
    SubmissionFactory.create_batch(3, done=True)
    SubmissionFactory(done=True, alone=True)
    together = []
    analyst.meanwhile = lambda: together.append(len(analyst.seen))
    assert "4 added" in run()
    assert together == [3, 4]


def test_what_a_clinician_wanted_judged_is_judged(run, newer, analyst, reviewer):
    SubmissionFactory(done=True, overruled_by=reviewer)
    SubmissionFactory(done=True)
    analyst.rejection = REJECTION
    assert "1 added, 1 rejected" in run()
    assert Prediction.objects.get(model_version=newer).submission.overruled_by == reviewer


def test_a_submission_deleted_meanwhile_is_counted(run, newer, analyst):
    SubmissionFactory(done=True)
    analyst.meanwhile = lambda: Submission.objects.all().delete()
    assert "0 added, 1 deleted meanwhile" in run()


def test_as_a_task_it_takes_a_batch_a_message(newer, analyst, messages, media, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(service, "BATCH", 2)
    SubmissionFactory.create_batch(4, done=True)
    lost = SubmissionFactory(done=True)
    (media / lost.image.name).unlink()
    tasks.reanalyse_results(newer.pk)
    while messages:
        before = len(analyst.seen)
        name, arguments = messages.pop()
        assert name == REANALYSE_TASK
        tasks.reanalyse_results(*arguments)
        assert len(analyst.seen) - before <= 2
    assert Prediction.objects.filter(model_version=newer).count() == 4
    assert "Every earlier result has been looked at by seven-stage 0.0.2" in caplog.text


def test_a_group_has_so_many_pixels_in_all(newer, analyst, settings):
    settings.ANALYSIS_BATCH_PIXELS = 30_000_000
    widths = [20_000, 15_000, 10_000, 15_000]
    done = [SubmissionFactory(done=True, width=width, height=1000) for width in widths]
    together: list[int] = []
    analyst.meanwhile = lambda: together.append(len(analyst.seen) - sum(together))
    outcomes = service.reanalyse_submissions(done, model_version=newer, analyst=analyst)
    assert together == [2, 2]
    assert set(outcomes.values()) == {service.ADDED}
