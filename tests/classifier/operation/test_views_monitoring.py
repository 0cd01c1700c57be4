"""Prometheus reads figures of the analysis, as may everybody who has the token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from classifier.models import Submission
from tests.factories import ModelVersionFactory, SubmissionFactory, picture
from tests.site import TOKEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client, settings):
    """Return every sample by its name and labels."""
    settings.METRICS_TOKEN = TOKEN

    def samples() -> dict[tuple, float]:
        answer = client.get(reverse("monitoring"), headers={"authorization": f"Bearer {TOKEN}"})
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


def test_what_was_finished_by_how_it_was_taken(read):
    finished(1, done=True, image_type="clinical"), finished(1, done=True, image_type="clinical")
    finished(1, rejected=True, image_type="other"), finished(1, done=True)
    finished(1, ago=timedelta(hours=2), done=True, image_type="dermoscopic")
    found = {
        tuple(labels): number for (name, *labels), number in read().items() if name == "image_types"
    }
    assert found == {("dermoscopic",): 0, ("clinical",): 2, ("other",): 1}


def test_an_idle_site(read):
    found = read()
    assert found["submissions_waiting", "queued"] == 0
    assert found["submissions_waiting", "running"] == 0
    assert found["queue_oldest_seconds",] == 0
    assert found["batch_pictures",] == 0
    assert not [name for name, *_ in found if name in ("submissions_finished", "result_seconds")]


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


def test_how_many_go_through_the_network_together(read):
    alone, *_ = SubmissionFactory.create_batch(4, done=True)
    now = timezone.now()
    Submission.objects.filter(pk=alone.pk).update(started_at=now)
    Submission.objects.exclude(pk=alone.pk).update(started_at=now - timedelta(seconds=1))
    assert read()["batch_pictures",] == 2


def increase(read, act, *sample: str) -> float:
    """Return by how much ``act`` makes a sample grow, because counts outlive a test."""
    before = read().get(sample, 0.0)
    act()
    return read().get(sample, 0.0) - before


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(picture(), "accepted"), (b"GIF89a", "not_a_picture"), (b"", "empty")],
)
def test_uploads_by_what_became_of_them(read, owner_client, content, outcome):
    def send() -> None:
        file = SimpleUploadedFile("mole.jpg", content, "image/jpeg")
        owner_client.post(reverse("upload"), {"images": [file]})

    assert increase(read, send, "uploads_total", outcome) == 1


def test_an_upload_beyond_the_quota(read, owner_client, settings):
    settings.UPLOADS_PER_HOUR = 0

    def send() -> None:
        file = SimpleUploadedFile("mole.jpg", picture(), "image/jpeg")
        owner_client.post(reverse("upload"), {"images": [file]})

    assert increase(read, send, "uploads_total", "quota") == 1


@pytest.mark.parametrize(
    ("path", "method", "labels"),
    [
        ("/", "get", ("GET", "", "200")),
        ("/results/8c5a1b1e-7f3c-4d0b-9a53-000000000000/", "get", ("GET", "ROUTE", "302")),
        ("/no-such-page", "get", ("GET", "", "404")),
    ],
)
def test_requests_by_route_method_and_status(read, client, path, method, labels):
    labels = tuple("results/<uuid:pk>/" if label == "ROUTE" else label for label in labels)

    def ask() -> None:
        getattr(client, method)(path)

    assert increase(read, ask, "request_seconds_count", *labels) == 1


def test_made_up_methods_are_not_kept_apart(read, client):
    def ask() -> None:
        for method in ("BREW", "WHEN"):
            client.generic(method, "/")

    assert increase(read, ask, "request_seconds_count", "other", "", "405") == 2


def test_nothing_of_a_person_is_told(read, client, settings):
    submission = finished(1, done=True, original_name="ada-left-arm.jpg")
    read()
    text = client.get(
        reverse("monitoring"), headers={"authorization": f"Bearer {TOKEN}"}
    ).content.decode()
    for secret in (str(submission.pk), submission.owner.email, "left-arm"):
        assert secret not in text


@pytest.mark.parametrize("page", ["monitoring", "monitoring_parts"])
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_the_token_there_is_nothing(client, settings, page, given):
    settings.METRICS_TOKEN = TOKEN
    assert client.get(reverse(page), headers={"authorization": given}).status_code == 404


@pytest.mark.parametrize("page", ["monitoring", "monitoring_parts"])
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer"])
def test_without_a_token_in_the_settings_nobody_gets_in(client, settings, page, given):
    assert settings.METRICS_TOKEN == ""
    assert client.get(reverse(page), headers={"authorization": given}).status_code == 404


def test_as_many_queries_for_many_rows_as_for_few(read, django_assert_num_queries):
    for number in (1, 20):
        for _ in range(number):
            finished(1, done=True)
        with django_assert_num_queries(7):
            read()
