"""Pictures can lie in an S3-compatible object store instead of on a disk."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.lesions import judged
from tests.services.conftest import BUCKET
from tests.site import ROOT, Client, Site

KEYS = {"S3_ACCESS_KEY": "testing", "S3_SECRET_KEY": "testing"}


@pytest.fixture(scope="module")
def options(endpoint) -> dict[str, str]:
    return KEYS | {"S3_BUCKET": BUCKET, "S3_ENDPOINT": endpoint, "S3_ADDRESSING_STYLE": "path"}


@pytest.fixture(scope="module")
def site(tmp_path_factory, options, store) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site") / "data", **options) as running:
        yield running
        assert not (running.data_dir / "media").exists()


@pytest.fixture
def person(site, request) -> Client:
    client = Client(site.address)
    client.sign_up(f"{request.node.name}@example.org")
    return client


@pytest.fixture
def pictures(store):
    """Return a function that names the new objects, except for figures of models' cards."""

    def listed() -> set[str]:
        found = store.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"] for one in found if not one["Key"].startswith("models/")}

    before = listed()
    return lambda: listed() - before


def upload_and_wait(person: Client) -> str:
    """Return the path of a result that has come."""
    path = person.upload([("mole.jpg", judged())]).url.removeprefix(person.address)
    deadline = time.monotonic() + 60
    while "The network says" not in person.get(path).text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return path


def test_a_picture_and_its_result_are_stored_for_their_owner_and_deleted(
    site, person, store, pictures
):
    path = upload_and_wait(person)
    assert len(pictures()) == 3  # the picture, its thumbnail and the heat map
    for part in ("image", "thumbnail", "heat-map"):
        answer = person.get(f"{path}{part}/")
        assert answer.status_code == 200
        Image.open(io.BytesIO(answer.content)).verify()
    for name in pictures():
        grants = store.get_object_acl(Bucket=BUCKET, Key=name)["Grants"]
        assert not any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants)
    assert site.failing() == []
    person.post(f"{path}delete/", {})
    assert pictures() == set()


def test_what_no_row_names_is_found_there_too(site, options, store, person, pictures):
    upload_and_wait(person)
    store.put_object(Bucket=BUCKET, Key="ab/left-behind.jpg", Body=b"a picture")
    environment = os.environ | options | {"DATA_DIR": str(site.data_dir)}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    command = [sys.executable, "manage.py", "tidy", "--older-than", "0"]
    assert subprocess.check_output(command, env=environment, cwd=ROOT) == b"1 files deleted\n"
    assert "ab/left-behind.jpg" not in pictures()
    assert len(pictures()) == 3


def test_a_store_that_is_gone_loses_nothing_and_is_told(site, person, store):
    for one in store.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        store.delete_object(Bucket=BUCKET, Key=one["Key"])
    store.delete_bucket(Bucket=BUCKET)
    try:
        answer = person.upload([("mole.jpg", judged())])
        assert answer.status_code == 503
        assert "could not store this picture just now" in answer.text
        assert site.failing() == ["storage"]
        assert person.get("/readyz").ok
        assert "Nothing here yet" in person.get("/history/").text
    finally:
        store.create_bucket(Bucket=BUCKET)
    upload_and_wait(person)
