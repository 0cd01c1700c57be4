"""People try the site with a sample, which goes the way of every picture that is sent in."""

from __future__ import annotations

import io

import pytest
from django.conf import settings as site_settings
from PIL import Image

from classifier.models import ModelVersion, Status, Submission
from classifier.services.registry.register import register_bundle
from classifier.services.registry.samples import list_samples
from classifier.services.submissions import submit
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.uploads.decoders import DecodersBusy
from ml.packaging.bundle import find
from tests.classifier.markup import visible_text
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
#: An answer may be off by this much. Other processors differ less.
TOLERANCE = 1e-3


def test_a_sample_is_sent_in_as_a_picture_of_ones_own(
    owner, owner_client, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner_client.post("/samples/nevus/use/")
    submission = Submission.objects.get()
    assert answer.url == f"/results/{submission.pk}/"
    assert (submission.owner, submission.status) == (owner, Status.QUEUED)
    assert submission.original_name == "sample-nevus.webp"
    assert sent == [str(submission.pk)]
    with submission.image.open() as stream, Image.open(list_samples()[2].file) as sample:
        assert Image.open(stream).tobytes() == sample.tobytes()


@pytest.mark.parametrize("number", range(3))
def test_a_worker_answers_as_the_samples_say(owner_client, number):
    model_version = register_bundle(find(site_settings.DEFAULT_MODEL))
    assert model_version.is_active
    sample = list_samples()[number]
    owner_client.post(f"/samples/{sample.slug}/use/")
    submission = Submission.objects.get()
    assert analyse_waiting_submissions(submission.pk) is False
    submission = Submission.objects.with_result().get()
    found, kept = submission.prediction.told(), sample.prediction.told()
    assert submission.observed() == sample.submission.observed()
    assert found.keys() == kept.keys()
    for name, value in kept.items():
        if name == "probabilities":
            assert found[name] == pytest.approx(value, abs=TOLERANCE)
        elif isinstance(value, float) and name != "inference_ms":
            assert found[name] == pytest.approx(value, abs=TOLERANCE), name
        elif name == "abcd":
            assert found[name]["colours"] == value["colours"]
            assert found[name]["asymmetry"] == pytest.approx(value["asymmetry"], abs=TOLERANCE)
            for measure in ("border", "diameter"):
                assert found[name][measure] == pytest.approx(value[measure], abs=TOLERANCE)
        elif name != "inference_ms":
            assert found[name] == value, name
    with submission.prediction.heat_map.open() as stream, Image.open(sample.heat_map) as shipped:
        drawn = Image.open(io.BytesIO(stream.read()))
        assert drawn.size == shipped.size
        differences = [abs(a - b) for a, b in zip(drawn.tobytes(), shipped.tobytes(), strict=True)]
        assert max(differences) <= 2


def test_the_samples_are_told_of_the_version_that_ships():
    shipped = find(site_settings.DEFAULT_MODEL)
    row = register_bundle(shipped)
    for sample in list_samples():
        told = sample.prediction.model_version
        for name in ("name", "version", "sha256", "classes", "metrics", "clinical", "threshold"):
            assert getattr(told, name) == getattr(row, name), name
        assert told.get_absolute_url() == row.get_absolute_url()
    assert ModelVersion.objects.count() == 1


def test_a_sample_counts_as_an_upload(owner, owner_client, settings):
    settings.UPLOADS_PER_HOUR = 1
    owner_client.post("/samples/nevus/use/")
    answer = owner_client.post("/samples/nevus/use/")
    assert answer.status_code == 429
    assert "the limit" in visible_text(answer.content)
    assert Submission.objects.count() == 1


def test_a_sample_needs_room_like_any_other_picture(owner, owner_client, settings):
    SubmissionFactory(owner=owner)
    settings.UPLOADS_KEPT = 1
    answer = owner_client.post("/samples/melanoma/use/")
    assert answer.status_code == 429
    assert "You have 1 pictures here" in visible_text(answer.content)


def test_a_busy_site_asks_to_send_it_again(owner_client, monkeypatch):
    def busy(*args: object, **kwargs: object) -> None:
        raise DecodersBusy

    monkeypatch.setattr(submit, "clean_apart", busy)
    answer = owner_client.post("/samples/melanoma/use/")
    assert answer.status_code == 503
    assert "in a few minutes" in visible_text(answer.content)
    assert not Submission.objects.exists()


def test_a_site_that_takes_no_picture_so_small_says_so(owner_client, settings):
    settings.UPLOAD_MIN_SIDE = 300
    answer = owner_client.post("/samples/melanoma/use/")
    assert answer.status_code == 422
    assert "300" in visible_text(answer.content)


def test_it_is_offered_where_there_is_nothing_to_see_yet(owner, owner_client):
    assert b"/samples/nevus/use/" in owner_client.get("/upload/").content
    assert b"/samples/nevus/use/" in owner_client.get("/history/").content
    SubmissionFactory(owner=owner)
    assert b"/samples/nevus/use/" not in owner_client.get("/history/").content


def test_a_sample_that_is_not_there_is_not_sent(owner_client):
    assert owner_client.post("/samples/wart/use/").status_code == 404
    assert not Submission.objects.exists()
