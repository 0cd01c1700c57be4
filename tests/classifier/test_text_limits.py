"""Every text that a person writes has a limit, wherever it is kept."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.urls import reverse

from classifier.forms import AddKeyForm, RenameKeyForm
from classifier.models.submission import NOTE_LENGTH
from classifier.services.reading.review import record_review
from classifier.services.submissions.note import write_note

pytestmark = pytest.mark.django_db

#: The site alone writes into these columns, which have no limit.
OF_THE_SITE = {
    "admin.LogEntry.change_message",
    "admin.LogEntry.object_id",
    "classifier.AuditEntry.listed",
    "classifier.ModelVersion.card",
    "classifier.ModelVersion.classes",
    "classifier.ModelVersion.clinical",
    "classifier.ModelVersion.diagnoses",
    "classifier.ModelVersion.malignant_classes",
    "classifier.ModelVersion.metrics",
    "classifier.ModelVersion.operating_point",
    "classifier.Prediction.abcd",
    "classifier.Prediction.outline",
    "classifier.Prediction.possible",
    "classifier.Prediction.probabilities",
    "classifier.Submission.failure_detail",
    "classifier.Submission.failure_reason",
    "classifier.Submission.frame",
    "classifier.Submission.rejection_reason",
    "classifier.Submission.rejection_values",
    "sessions.Session.session_data",
    "usersessions.UserSession.data",
    # The name of a security key lies here, and `test_the_name_of_a_security_key` tests its limit.
    "mfa.Authenticator.data",
}


def has_no_limit(field: models.Field) -> bool:
    if not isinstance(field, models.CharField | models.TextField | models.JSONField):
        return False
    limits = [v.limit_value for v in field.validators if isinstance(v, MaxLengthValidator)]
    return field.max_length is None and not limits


def test_every_column_that_a_person_writes_has_a_limit():
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert {str(field) for field in fields if has_no_limit(field)} == OF_THE_SITE


def test_the_comment_of_a_review(submission, reviewer, reviewer_client):
    given = {"submission": submission, "reviewer": reviewer, "diagnosis": "benign"}
    assert record_review(**given, comment="x" * 4000).comment == "x" * 4000
    with pytest.raises(ValidationError, match="4000"):
        record_review(**given, comment="x" * 4001)
    path = reverse("admin:classifier_submission_change", args=[submission.pk])
    empty = {f"predictions-{n}_FORMS": "0" for n in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    form = empty | {"diagnosis": "malignant", "comment": "y" * 4001}
    page = reviewer_client.post(path, form).content.decode()
    assert "at most 4000 characters (it has 4001)" in page
    assert "y" * 4001 in page
    assert submission.reviews.get(reviewer=reviewer).comment == "x" * 4000


def test_a_note(submission, owner_client):
    write_note(submission=submission, note="x" * 1000)
    with pytest.raises(ValidationError, match="1000"):
        write_note(submission=submission, note="x" * 1001)
    path, note = reverse("note", args=[submission.pk]), "y" * 1001
    answer = owner_client.post(path, {"note": note})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A note has at most 1000 characters. This one has 1001." in page
    assert note in page
    submission.refresh_from_db()
    assert submission.note == "x" * 1000
    # A browser counts a line break as one character, and sends two.
    lines = "z\r\n" * 500
    assert owner_client.post(path, {"note": lines}).status_code == 302
    submission.refresh_from_db()
    assert submission.note == "z\n" * 499 + "z"
    assert f'maxlength="{NOTE_LENGTH}"' in page


def test_the_name_of_a_security_key(owner, monkeypatch):
    monkeypatch.setattr(auth, "parse_registration_response", lambda credential: None)
    monkeypatch.setattr(auth, "complete_registration", lambda credential: None)
    form = AddKeyForm(user=owner, data={"name": "x" * 101, "credential": '{"id": "1"}'})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["name"] == "x" * 100
    key = Authenticator(user=owner, type="webauthn", data={"name": "Phone"})
    assert not RenameKeyForm(instance=key, data={"name": "x" * 101}).is_valid()
    assert RenameKeyForm(instance=key, data={"name": "x" * 100}).is_valid()
