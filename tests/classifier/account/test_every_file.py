"""No file of a person is forgotten, whichever column of whichever model names it."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import FileField

from classifier.services.account.delete import delete_account
from classifier.services.account.export import export_account
from classifier.services.operation.tidy import FOLDERS, select_named_files
from tests.factories import SubmissionFactory, picture

pytestmark = pytest.mark.django_db
FIELDS = [
    field
    for model in apps.get_models(include_auto_created=True)
    for field in model._meta.get_fields()
    if isinstance(field, FileField)
]
#: The export holds these already, because they are smaller copies of the picture.
DERIVED = {"classifier.Submission.copy", "classifier.Submission.thumbnail"}


@pytest.fixture(params=FIELDS, ids=str)
def field(request, owner) -> FileField:
    """Return a column of files, in which ``owner`` has one."""
    SubmissionFactory(
        owner=owner, copy=ContentFile(picture(), name="copy.jpg"), done__explained=True
    )
    return request.param


@pytest.fixture
def name(field) -> str:
    """Return the name of that file, and give it a content that no other file has."""
    rows = field.model._base_manager.all()
    found = [name for name in rows.values_list(field.name, flat=True) if name]
    assert found, f"{field} has no file here. Make one in the fixture above."
    with default_storage.open(found[0], "wb") as stream:
        stream.write(str(field).encode())
    return found[0]


def test_there_are_such_columns():
    assert len(FIELDS) >= 3


def test_the_upkeep_leaves_it_alone(name):
    assert name[:2] in FOLDERS
    assert name in set().union(*select_named_files(name[:2]))


def test_the_export_holds_it(field, name, owner):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_account(owner))))
    held = {archive.read(entry) for entry in archive.namelist()}
    assert (str(field).encode() in held) != (str(field) in DERIVED)


def test_it_goes_with_the_account(name, owner, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        delete_account(owner)
    assert not default_storage.exists(name)
