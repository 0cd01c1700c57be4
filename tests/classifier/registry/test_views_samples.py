"""Strangers see real results about pictures that everybody may see, without any cookie or query."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classifier.models import Submission
from classifier.services.registry import samples
from classifier.services.registry.samples import list_samples
from ml.packaging.bundle import find
from tests.classifier.markup import Page, visible_text

pytestmark = pytest.mark.django_db
SLUGS = ["melanoma", "seborrheic-keratosis", "nevus"]
#: These are the pages for strangers that show results.
PATHS = ["/", "/samples/", *(f"/samples/{slug}/" for slug in SLUGS)]


@pytest.fixture(params=["other weights", "damaged answers", "no answers", "no bundle"])
def without_answers(request, settings, tmp_path) -> None:
    """Let the bundle of a new site have no answers that could be shown."""
    settings.BUNDLES_DIR = tmp_path
    if request.param == "no bundle":
        return
    folder = tmp_path / settings.DEFAULT_MODEL
    folder.mkdir()
    shipped = find(settings.DEFAULT_MODEL).directory
    (folder / "model.json").write_bytes((shipped / "model.json").read_bytes())
    if request.param == "damaged answers":
        (folder / "samples.json").write_text('{"answers": ')
    if request.param == "other weights":
        kept = json.loads((shipped / "samples.json").read_text()) | {"weights_sha256": "0" * 64}
        (folder / "samples.json").write_text(json.dumps(kept))


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_asks_the_database_for_nothing_and_gets_no_cookie(client, path):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code == 200
    assert len(captured) == 0
    assert not answer.cookies


def test_the_list_shows_three_kinds_of_answer_and_what_they_do_not_say(client):
    text = visible_text(client.get("/samples/").content)
    for words in ("Malignant 83.0 % confident", "Not sure malignant 25.8 %", "Benign 96.3 %"):
        assert words in text
    assert "They say nothing about how often the network is right." in text
    assert "ISIC Archive, ISIC 2017 challenge, CC0" in text
    assert "This is not a diagnosis." in text


@pytest.mark.parametrize(
    ("slug", "verdict", "advice"),
    [
        ("melanoma", "malignant", "Show this spot to a doctor within the next few days."),
        ("seborrheic-keratosis", "not sure", "Have a doctor look at this spot"),
        ("nevus", "benign", "keep an eye on your spot"),
    ],
)
def test_a_sample_has_the_page_of_a_real_result(client, slug, verdict, advice):
    page = Page(client.get(f"/samples/{slug}/").content)
    for words in (
        f"The network says: {verdict}",
        advice,
        "This is not a diagnosis.",
        "Why the network says this",
        "What this answer means for people",
        "What was measured in the picture",
        "lesion-net 1.1.0",
        f"Sample: {slug.replace('-', ' ')} . About it",
        "ISIC Archive, ISIC 2017 challenge, CC0",
    ):
        assert words in page.text
    assert {"heat-map", "show-outline"} <= set(page.ids)
    assert f"/static/samples/{slug}.webp" in page.loaded
    assert f"/samples/{slug}/heat-map/" in page.loaded


@pytest.mark.parametrize("role", ["anonymous", "owner", "superuser"])
def test_nobody_can_delete_or_retry_a_sample(browsers, role):
    page = browsers[role].get("/samples/melanoma/").content.decode()
    assert "/results/" not in page


def test_a_heat_map_is_a_picture_that_every_cache_may_keep(client):
    answer = client.get("/samples/nevus/heat-map/")
    assert answer["Content-Type"] == "image/png"
    assert "public" in answer["Cache-Control"]
    assert answer.getvalue().startswith(b"\x89PNG")
    answer.close()


def test_a_browser_keeps_a_page_of_samples_for_a_stranger_alone(client, owner_client):
    for path in ("/samples/", "/samples/nevus/"):
        assert client.get(path)["Cache-Control"] == "private, max-age=300"
        assert "Cookie" in client.get(path)["Vary"]
        assert "no-store" in owner_client.get(path)["Cache-Control"]


def test_a_sample_that_is_not_there_is_not_found(client):
    for path in ("/samples/wart/", "/samples/wart/heat-map/"):
        assert client.get(path).status_code == 404


@pytest.mark.usefixtures("without_answers")
def test_a_network_without_answers_about_the_samples_has_no_samples(client, owner_client):
    assert list_samples() == []
    assert "comes without samples" in visible_text(client.get("/samples/").content)
    assert client.get("/samples/nevus/").status_code == 404
    assert reverse("samples") not in client.get("/").content.decode()
    assert "sample" not in visible_text(owner_client.get("/upload/").content)


def test_newcomers_see_a_result_and_what_to_do_about_it(client):
    page = client.get("/").content.decode()
    for words in (
        "The network says: malignant",
        "83.0 % confident",
        "Show this spot to a doctor",
        "Create an account",
        "This is not a diagnosis.",
    ):
        assert words in visible_text(page)
    assert 'href="/samples/melanoma/"' in page
    assert Submission.objects.count() == 0


def test_the_files_of_the_samples_are_small():
    shipped = find("lesion-net")
    files = [*samples.PICTURES.iterdir(), shipped.samples_path]
    files += shipped.samples_path.with_suffix("").iterdir()
    assert len(files) == 8
    assert sum(Path(file).stat().st_size for file in files) < 300_000
