"""A request that is too large for its address is refused before anything of it is read."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classifier.models import Submission
from classifier.scripts import SIGNED_OUT
from tests.classifier.markup import visible_text
from tests.factories import picture

pytestmark = pytest.mark.django_db
UPLOAD = "/upload/"
MEGABYTE = 1024**2
LARGEST = settings.UPLOAD_MAX_REQUEST_BYTES
FORM = "multipart/form-data; boundary=x"


class Unread:
    """This is the body of a request, and fails when anybody reads of it."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("It was read.")

    readline = read


def post(client: Client, path: str, length: int | str, **environ: object):
    body = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)} | environ
    return client.post(path, content_type=FORM, **body)


def test_a_request_that_is_too_large_is_not_read(owner_client):
    answer = post(owner_client, UPLOAD, LARGEST + 1)
    assert answer.status_code == 413
    assert "at most 100 MB at once" in visible_text(answer.content.decode())
    assert "Content-Security-Policy" in answer
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_form_without_a_script_with_too_much_in_all_is_told_so(owner_client, settings):
    settings.UPLOAD_MAX_REQUEST_BYTES = 3 * MEGABYTE
    pictures = [picture() + bytes(MEGABYTE) for _ in range(3)]
    files = [SimpleUploadedFile(f"{n}.jpg", one) for n, one in enumerate(pictures)]
    answer = owner_client.post(UPLOAD, {"images": files})
    assert answer.status_code == 413
    sentence = (
        "This page takes at most 3 MB at once. Please send less, or fewer or smaller pictures."
    )
    assert sentence in visible_text(answer.content.decode())
    assert not Submission.objects.exists()


@pytest.mark.parametrize("role", ["anonymous", "owner", "reviewer"])
@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/accounts/signup/", "/history/", "/admin/login/", "/healthz"]
)
def test_only_where_pictures_are_sent_in_more_than_a_megabyte_is_read(browsers, role, path):
    answer = post(browsers[role], path, MEGABYTE + 1)
    assert answer.status_code == 413
    assert "at most 1 MB at once" in visible_text(answer.content.decode())


def test_a_stranger_is_led_to_the_sign_in_before_a_picture_is_read(client):
    answer = post(client, UPLOAD, MEGABYTE + 1)
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account_login')}?next={UPLOAD}"


def test_a_script_of_a_stranger_is_told_so_before_a_picture_is_read(client):
    answer = post(client, UPLOAD, MEGABYTE + 1, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()) == (401, {"reason": SIGNED_OUT})


@pytest.mark.parametrize("role", ["anonymous", "owner"])
@pytest.mark.parametrize("path", [UPLOAD, "/accounts/login/"])
def test_a_body_that_does_not_tell_its_length_is_not_read(browsers, role, path):
    answer = post(browsers[role], path, "", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert "Please send it with a browser." in visible_text(answer.content.decode())


def test_a_form_without_files_holds_a_megabyte(owner_client):
    large = {
        "pixels_per_mm": "1" * (MEGABYTE + 1),
        "images": SimpleUploadedFile("mole.jpg", picture(), "image/jpeg"),
    }
    assert owner_client.post(UPLOAD, large).status_code == 400
    assert not Submission.objects.exists()


@pytest.mark.parametrize("length", ["nonsense", "-5", "", str(2**80)])
def test_an_impossible_length_is_no_error_of_ours(owner_client, length):
    answer = owner_client.post(UPLOAD, CONTENT_LENGTH=length)
    assert 400 <= answer.status_code < 500
