"""What Prometheus reads: figures of the analysis, for whoever has the token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from classifier.models import Submission
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-the-operator"


@pytest.fixture
def read(client, settings):
    """Return every sample by its name and labels."""
    settings.METRICS_TOKEN = TOKEN

    def samples() -> dict[tuple, float]:
        answer = client.get(reverse("metrics"), headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        families = text_string_to_metric_families(answer.content.decode())
        return {
            (sample.name.removeprefix("skinsite_"), *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    return samples


def finished(seconds: float, ago: timedelta = timedelta(minutes=1), **state) -> Submission:
    submission = SubmissionFactory(**state)
    end = timezone.now() - ago
    Submission.objects.filter(pk=submission.pk).update(
        queued_at=end - timedelta(seconds=seconds), finished_at=end
    )
    return submission


def test_an_idle_site(read):
    assert read() == {
        ("submissions_waiting", "queued"): 0,
        ("submissions_waiting", "running"): 0,
        ("queue_oldest_seconds",): 0,
    }


def test_what_waits_and_for_how_long(read):
    SubmissionFactory(queued_at=timezone.now() - timedelta(seconds=90))
    SubmissionFactory(), SubmissionFactory(running=True)
    found = read()
    assert found["submissions_waiting", "queued"] == 2
    assert found["submissions_waiting", "running"] == 1
    assert found["queue_oldest_seconds",] == pytest.approx(90, abs=5)


def test_what_was_finished_by_outcome_and_model(read):
    newer = ModelVersionFactory(version="0.0.2")
    finished(1, done=True), finished(1, done=True)
    finished(1, done__model_version=newer)
    finished(1, failed=True), finished(1, rejected=True)
    finished(1, ago=timedelta(hours=2), done=True)
    found = read()
    # Labels come in the order of the alphabet: the model, then the status.
    assert found["submissions_finished", "seven-stage 0.0.1", "done"] == 2
    assert found["submissions_finished", "seven-stage 0.0.2", "done"] == 1
    assert found["submissions_finished", "", "failed"] == 1
    assert found["submissions_finished", "", "rejected"] == 1
    assert found["submissions_rejected", "blurred"] == 1


def test_how_long_results_take(read):
    for seconds in range(1, 22):
        finished(seconds, done=True)
    found = read()
    assert found["result_seconds", "0.5"] == pytest.approx(11, abs=0.01)
    assert found["result_seconds", "0.95"] == pytest.approx(20, abs=0.01)


def test_nothing_of_a_person_is_told(read, client, settings):
    submission = finished(1, done=True, original_name="ada-left-arm.jpg")
    read()
    text = client.get(
        reverse("metrics"), headers={"authorization": f"Bearer {TOKEN}"}
    ).content.decode()
    for secret in (str(submission.pk), submission.owner.email, "left-arm"):
        assert secret not in text


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_the_token_there_is_nothing(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    assert client.get(reverse("metrics"), headers={"authorization": given}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer"])
def test_without_a_token_in_the_settings_nobody_gets_in(client, settings, given):
    assert settings.METRICS_TOKEN == ""
    assert client.get(reverse("metrics"), headers={"authorization": given}).status_code == 404


def test_as_many_queries_for_many_rows_as_for_few(read, django_assert_num_queries):
    for number in (1, 20):
        for _ in range(number):
            finished(1, done=True)
        with django_assert_num_queries(5):
            read()
