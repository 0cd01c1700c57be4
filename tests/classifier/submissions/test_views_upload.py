"""People send pictures in: one, several, good beside bad, with and without JavaScript."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from classifier.models import Submission
from classifier.services.submissions import submit as submit_module
from classifier.services.submissions.submit_once import StillSubmitting
from classifier.uploads import ACCEPT
from classifier.views.submissions import upload as upload_module
from tests.classifier.markup import visible_text
from tests.classifier.pictures import png_bomb
from tests.factories import SubmissionFactory, picture

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
UPLOAD = "/upload/"
KEY = UUID("5eb15df0-4d13-4d8b-80dd-a11cf3fd98ad")


def good(name: str = "mole.jpg", seed: int = 0) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(seed=seed), "image/jpeg")


def bad(name: str = "letter.jpg", content: bytes = b"Dear doctor") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


@pytest.fixture
def send(owner_client, django_capture_on_commit_callbacks):
    """Return a function that posts files as the upload form does, and commits."""

    def posted(*files: SimpleUploadedFile, upload_key: str = "", **options):
        fields = {"images": list(files), "upload_key": upload_key}
        with django_capture_on_commit_callbacks(execute=True):
            return owner_client.post(UPLOAD, fields, **options)

    return posted


def test_the_form(owner_client):
    page = owner_client.get(UPLOAD)
    assert page.status_code == 200
    html = page.content.decode()
    assert 'enctype="multipart/form-data"' in html
    field = re.search(r'<input[^>]*name="images"[^>]*>', html)[0]
    assert "multiple" in field
    assert f'accept="{ACCEPT}"' in field
    assert "csrfmiddlewaretoken" in html
    text = visible_text(html)
    assert "JPEG, PNG, WebP, BMP or TIFF, up to 20 MB each, 20 at a time" in text
    assert "Without JavaScript, all of them together may have up to 100 MB." in text


def test_one_picture_leads_to_its_result(send, owner, sent):
    answer = send(good())
    submission = Submission.objects.get()
    assert submission.owner == owner
    assert answer.status_code == 302
    assert answer.url == reverse("result", args=[submission.pk])
    assert sent == [str(submission.pk)]


def test_several_lead_to_the_history(send, sent):
    answer = send(*(good(f"{seed}.jpg", seed) for seed in range(3)), follow=True)
    assert answer.redirect_chain == [(reverse("history"), 302)]
    assert "3 pictures are being analysed." in visible_text(answer.content.decode())
    assert {s.original_name for s in Submission.objects.all()} == {"0.jpg", "1.jpg", "2.jpg"}
    assert len(sent) == 3


def test_a_bad_file_is_named_with_the_reason(send, sent):
    answer = send(bad("<b>letter & more.jpg"))
    assert answer.status_code == 422
    assert "<b>letter" not in answer.content.decode()
    text = visible_text(answer.content.decode())
    assert "<b>letter & more.jpg : This is not a picture we can read. Please send a JPEG" in text
    assert not Submission.objects.exists()
    assert sent == []


def test_good_files_beside_bad_ones_still_go_through(send, sent):
    answer = send(bad("1.jpg"), good("2.jpg"), bad("3.jpg", b""), good("4.jpg"))
    assert answer.status_code == 422
    html = answer.content.decode()
    text = visible_text(html)
    assert "1.jpg : This is not a picture" in text
    assert "3.jpg : The file is empty" in text
    accepted = Submission.objects.all()
    assert {submission.original_name for submission in accepted} == {"2.jpg", "4.jpg"}
    for submission in accepted:
        link = f'<a href="{reverse("result", args=[submission.pk])}">{submission.original_name}</a>'
        assert link in html
    assert len(sent) == 2


@pytest.mark.parametrize(
    "content",
    [b"", picture()[:500], png_bomb(8000, 8000), picture("gif"), b"<svg/>", b"PK\x03\x04", b"MZ"],
)
def test_no_hostile_file_is_an_error_of_ours(send, content, stored_files):
    answer = send(bad("hostile.jpg", content))
    assert answer.status_code == 422
    assert "hostile.jpg : " in visible_text(answer.content.decode())
    assert stored_files() == []


@pytest.mark.parametrize("data", [{}, {"images": ""}, {"images": "text"}, {"other": "field"}])
def test_nothing_chosen(owner_client, data):
    answer = owner_client.post(UPLOAD, data)
    assert answer.status_code == 422
    assert "Choose at least one picture." in visible_text(answer.content.decode())


def test_too_many_at_once(send, settings):
    settings.UPLOAD_MAX_FILES = 3
    answer = send(*(good(f"{seed}.jpg") for seed in range(4)))
    assert answer.status_code == 422
    assert "You chose 4 pictures. Please send at most 3 at a time." in visible_text(
        answer.content.decode()
    )
    assert not Submission.objects.exists()
    assert send(*(good(f"{seed}.jpg") for seed in range(3))).status_code == 302


def test_far_too_many_at_once_are_no_error_of_ours(send, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 5
    assert send(*(bad() for _ in range(6))).status_code == 400


def test_json_all_good(send):
    answer = send(good(), headers=JSON)
    key = Submission.objects.get().pk
    url = reverse("result", args=[key])
    assert answer.status_code == 201
    assert answer.json() == {
        "location": url,
        "accepted": [{"id": str(key), "name": "mole.jpg", "url": url}],
        "rejected": [],
    }


def test_json_several_good(send):
    answer = send(good("1.jpg"), good("2.jpg"), headers=JSON)
    assert answer.status_code == 201
    assert answer.json()["location"] == reverse("history")
    assert [accepted["name"] for accepted in answer.json()["accepted"]] == ["1.jpg", "2.jpg"]


def test_json_some_good(send):
    answer = send(good(), bad(), headers=JSON)
    assert answer.status_code == 207
    body = answer.json()
    assert body["location"] is None
    assert [accepted["name"] for accepted in body["accepted"]] == ["mole.jpg"]
    assert [rejected["name"] for rejected in body["rejected"]] == ["letter.jpg"]
    assert "not a picture" in body["rejected"][0]["reason"]


def test_json_none_good(send):
    answer = send(bad(), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["location"] is None
    assert answer.json()["accepted"] == []


def test_json_nothing_chosen(send):
    answer = send(headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["rejected"] == [{"name": "", "reason": "Choose at least one picture."}]


def test_a_repeat_with_the_same_key_gets_the_same_answer(send, sent):
    first, again = (send(good(), headers=JSON, upload_key=str(KEY)) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert sent == [str(Submission.objects.get(upload_key=KEY).pk)]


def test_a_repeat_that_comes_too_early_is_asked_to_wait(send, monkeypatch):
    def wait(**options: object) -> None:
        raise StillSubmitting

    monkeypatch.setattr(upload_module, "submit_picture_once", wait)
    answer = send(good(), headers=JSON, upload_key=str(KEY))
    assert answer.status_code == 409
    assert "is being checked" in answer.json()["rejected"][0]["reason"]


@pytest.mark.parametrize(
    ("key", "files", "reason"),
    [("no-key", 1, "Enter a valid UUID."), (str(KEY), 2, "One key is for one picture.")],
)
def test_a_key_that_is_none_is_refused(send, key, files, reason):
    answer = send(*(good(f"{seed}.jpg") for seed in range(files)), headers=JSON, upload_key=key)
    assert answer.status_code == 422
    assert answer.json()["rejected"] == [{"name": "", "reason": reason}]
    assert not Submission.objects.exists()


def test_the_scale_belongs_to_every_picture(owner_client):
    files = [good("a.jpg"), good("b.jpg", 1)]
    owner_client.post(UPLOAD, {"images": files, "pixels_per_mm": "42.5"})
    assert {s.pixels_per_mm for s in Submission.objects.all()} == {42.5}
    assert Submission.objects.count() == 2


def test_without_a_scale_there_is_none(send):
    send(good())
    assert Submission.objects.get().pixels_per_mm is None


@pytest.mark.parametrize("options", [{}, {"headers": JSON}])
@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        ("wide", "a number of pixels per millimetre, like 42.5"),
        ("nan", "a number of pixels per millimetre, like 42.5"),
        ("0", "at least 1 pixel per millimetre"),
        ("-3", "at least 1 pixel per millimetre"),
        ("1e9", "at most 1000 pixels per millimetre"),
    ],
)
def test_a_scale_that_is_none_is_told_and_nothing_is_stored(owner_client, options, scale, reason):
    answer = owner_client.post(UPLOAD, {"images": [good()], "pixels_per_mm": scale}, **options)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not Submission.objects.exists()


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""])
def test_a_browser_gets_a_page(send, accept):
    assert send(bad(), headers={"accept": accept})["Content-Type"].startswith("text/html")


@pytest.fixture
def full_disk(monkeypatch):
    """Leave the disk room for one picture more."""
    store, calls = submit_module._store, []

    def stored(*args):
        calls.append(args)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        store(*args)

    monkeypatch.setattr(submit_module, "_store", stored)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_said_to_be_our_fault(send, stored_files):
    answer = send(good("1.jpg"), good("2.jpg"), bad("3.jpg"))
    assert answer.status_code == 503
    text = visible_text(answer.content.decode())
    assert "2.jpg : We could not store this picture just now. Please send it again" in text
    assert "3.jpg : This is not a picture" in text
    assert Submission.objects.get().original_name == "1.jpg"
    assert len(stored_files()) == 2


@pytest.mark.usefixtures("full_disk")
def test_json_a_full_disk(send):
    assert send(good(), good("2.jpg"), headers=JSON).status_code == 207
    answer = send(good("3.jpg"), headers=JSON)
    assert answer.status_code == 503
    assert "could not store" in answer.json()["rejected"][0]["reason"]


def test_the_form_shows_recent_pictures_of_this_person_alone(owner_client, owner):
    mine = SubmissionFactory.create_batch(7, owner=owner)
    theirs = SubmissionFactory()
    html = owner_client.get(UPLOAD).content.decode()
    shown = [s for s in mine if reverse("result", args=[s.pk]) in html]
    assert len(shown) == 6
    assert str(theirs.pk) not in html


def test_recent_results_say_beside_them_that_they_are_no_diagnosis(owner_client, owner):
    sentence = "For education and research only: no result here is a diagnosis."
    assert sentence not in visible_text(owner_client.get(UPLOAD).content)
    SubmissionFactory(owner=owner, done=True)
    text = visible_text(owner_client.get(UPLOAD).content)
    assert "Malignant 87.3 % confident" in text
    assert sentence in text
