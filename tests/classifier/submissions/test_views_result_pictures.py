"""The pictures of a result are private, and are served as the type they were stored as."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from tests.classifier.addresses import address
from tests.factories import SubmissionFactory, picture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("extension", "kind"), [("jpg", "image/jpeg"), ("png", "image/png")])
def test_the_picture(owner_client, owner, extension, kind):
    data = picture(extension)
    submission = SubmissionFactory(owner=owner)
    submission.image.save(f"x.{extension}", io.BytesIO(data))
    answer = owner_client.get(address("result_image", submission))
    assert b"".join(answer.streaming_content) == data
    assert answer["Content-Type"] == kind


@pytest.mark.parametrize("name", ["result_image", "result_copy", "result_thumbnail"])
def test_headers_of_a_picture(owner_client, owner, name, media):
    submission = SubmissionFactory(owner=owner, original_name="zoe-left-arm.jpg")
    # A file is served as the type it was stored as, whatever lies there now.
    file = submission.thumbnail if name == "result_thumbnail" else submission.image
    (media / file.name).write_bytes(b"<script>alert(1)</script>")
    answer = owner_client.get(address(name, submission))
    b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]
    assert "Cookie" in answer["Vary"]
    assert "zoe" not in str(answer.headers)
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_copy_is_served_where_there_is_one(owner_client, owner):
    small = SubmissionFactory(owner=owner)
    small.image.save("x.png", io.BytesIO(picture("png")))
    answer = owner_client.get(address("result_copy", small))
    assert b"".join(answer.streaming_content) == picture("png")
    assert answer["Content-Type"] == "image/png"
    large = SubmissionFactory(owner=owner, copy=ContentFile(picture(seed=3), name="copy.jpg"))
    answer = owner_client.get(address("result_copy", large))
    assert b"".join(answer.streaming_content) == picture(seed=3)


def test_a_page_loads_the_copy_and_names_the_picture_for_who_zooms_in(owner_client, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    html = owner_client.get(address("result", submission)).content.decode()
    photo = re.search(r'<img class="photo"[^>]*>', html)[0]
    assert f'src="{address("result_copy", submission)}"' in photo
    assert f'data-full="{address("result_image", submission)}"' in photo
    assert 'width="160" height="120"' in photo


def test_the_thumbnail_is_small(owner_client, owner):
    answer = owner_client.get(address("result_thumbnail", SubmissionFactory(owner=owner)))
    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).format == "JPEG"


@pytest.mark.parametrize("name", ["result_image", "result_copy", "result_thumbnail"])
def test_a_picture_that_is_lost(owner_client, owner, media, name):
    submission = SubmissionFactory(owner=owner)
    for file in (submission.image, submission.thumbnail):
        (media / file.name).unlink()
    assert owner_client.get(address(name, submission)).status_code == 404
    assert owner_client.get(address("result", submission)).status_code == 200


def test_pictures_have_no_public_address(client, owner_client, owner):
    submission = SubmissionFactory(owner=owner)
    for prefix in ("/", "/media/", "/static/"):
        for browser in (client, owner_client):
            assert browser.get(prefix + submission.image.name).status_code == 404
