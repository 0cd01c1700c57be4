"""People can take all of their data along and delete all of it, and it is not kept for ever."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classifier import tasks
from classifier.models import AuditEntry, Prediction, Review, Status, Submission, User
from classifier.services.account.retention import delete_expired_submissions
from tests import PASSWORD
from tests.classifier.account.signing_in import is_signed_in, sign_in
from tests.classifier.markup import visible_text
from tests.factories import (
    ModelVersionFactory,
    PredictionFactory,
    ReviewFactory,
    SubmissionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
EXPORT, DELETE = reverse("account_export"), reverse("account_delete")


@pytest.fixture
def archive(owner_client):
    """Return the archive of everything, downloaded anew at each call."""

    def opened() -> zipfile.ZipFile:
        answer = owner_client.get(EXPORT)
        assert answer["Content-Type"] == "application/zip"
        assert answer["Content-Disposition"].startswith('attachment; filename="skinsite-')
        return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    return opened


def content(file) -> bytes:
    with file.open("rb") as stream:
        return stream.read()


def results(archive: zipfile.ZipFile) -> dict:
    return json.loads(archive.read("results.json"))


def table(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("results.csv").decode(), newline="")))


def test_everything_is_in_the_file(archive, owner):
    done = SubmissionFactory(
        owner=owner,
        done__explained=True,
        done__judged_as="clinical",
        image_type="clinical",
        frame=[10, 0, 150, 120],
        pixels_per_mm=20.0,
        note="Left arm,\nsince spring.",
    )
    other = ModelVersionFactory(version="0.0.2")
    PredictionFactory(submission=done, model_version=other, malignant_probability=0.25)
    ReviewFactory(submission=done, diagnosis="unclear", comment="Too small.")
    found = archive()
    assert found.testzip() is None
    (described,) = results(found)["submissions"]
    assert results(found)["account"]["email"] == owner.email
    assert "nothing in here is a diagnosis" in results(found)["note"]
    assert described["id"] == str(done.pk)
    assert (described["status"], described["pixels_per_mm"]) == ("done", 20.0)
    assert described["note"] == "Left arm,\nsince spring."
    assert found.read(described["picture"]) == content(done.image)
    assert (described["image_type"], described["frame"]) == ("clinical", [10, 0, 150, 120])
    first, second = described["predictions"]
    assert (first["judged_as"], second["judged_as"]) == ("clinical", "dermoscopic")
    assert (first["shown"], second["shown"]) == (True, False)
    assert first["abcd"]["colours"] == ["red", "light brown"]
    assert found.read(first["heat_map"]) == content(done.prediction.heat_map)
    assert (second["model"], second["heat_map"]) == ("seven-stage 0.0.2", None)
    assert described["reviews"][0]["comment"] == "Too small."
    (row,) = table(found)
    assert (row["id"], row["verdict"], row["reviews"]) == (str(done.pk), "malignant", "unclear")
    assert float(row["malignant_probability"]) == 0.873
    assert row["note"] == "Left arm,\nsince spring."
    assert (row["image_type"], row["judged_as"]) == ("clinical", "clinical")


@pytest.mark.parametrize(
    ("state", "status", "problem", "reason"),
    [
        ({}, "queued", "", ""),
        ({"running": True}, "running", "", ""),
        ({"failed": True}, "failed", "unreadable", "can no longer be read"),
        (
            {"failed": True, "rejection": "blurred", "rejection_values": {}},
            "failed",
            "unreadable",
            "can no longer be read",
        ),
        ({"rejected": True}, "rejected", "blurred", "blurred"),
    ],
)
def test_what_has_no_result_is_there_with_its_reason(
    archive, owner, state, status, problem, reason
):
    SubmissionFactory(owner=owner, **state)
    found = archive()
    (described,) = results(found)["submissions"]
    (row,) = table(found)
    assert described["status"] == row["status"] == status
    assert described["problem"] == row["problem"] == problem
    assert reason in described["reason"]
    assert described["reason"] == row["reason"]
    assert row["verdict"] == ""


def test_the_file_holds_nothing_of_anybody_else(archive, owner):
    mine = SubmissionFactory(owner=owner)
    theirs = ReviewFactory(submission=SubmissionFactory(done__explained=True)).submission
    reviewed = ReviewFactory(submission=SubmissionFactory(owner=owner, done=True))
    found = archive()
    everything = b"".join(found.read(name) for name in found.namelist())
    assert {row["id"] for row in table(found)} == {str(mine.pk), str(reviewed.submission_id)}
    assert len(found.namelist()) == 4
    for secret in (str(theirs.pk), reviewed.reviewer.email, theirs.owner.email):
        assert secret.encode() not in everything


def test_a_reviewer_takes_their_own_along_and_no_more(reviewer, login):
    SubmissionFactory(done=True)
    answer = login(reviewer).get(EXPORT)
    found = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert results(found)["submissions"] == []
    assert found.namelist() == ["results.json", "results.csv"]


def test_a_lost_picture_costs_only_itself(archive, owner, media):
    lost, kept = SubmissionFactory.create_batch(2, owner=owner)
    (media / lost.image.name).unlink()
    found = archive()
    by_id = {one["id"]: one["picture"] for one in results(found)["submissions"]}
    assert found.read(by_id[str(lost.pk)]) == b""
    assert found.read(by_id[str(kept.pk)]) == content(kept.image)


@pytest.mark.parametrize("name", ["=HYPERLINK(1).jpg", "+1.jpg", "-1.jpg", "@SUM(1).jpg"])
@pytest.mark.parametrize("field", ["name", "note"])
def test_a_spreadsheet_runs_no_name_of_a_file_and_no_note(archive, owner, name, field):
    texts = {"name": "mole.jpg", "note": "left arm"} | {field: name}
    SubmissionFactory(owner=owner, original_name=texts["name"], note=texts["note"])
    found = archive()
    assert table(found)[0][field] == f"'{name}"
    assert results(found)["submissions"][0][field] == name


def test_many_rows_take_no_more_queries(owner, owner_client, django_assert_num_queries):
    def queries(count: int) -> None:
        with django_assert_num_queries(count):
            b"".join(owner_client.get(EXPORT).streaming_content)

    SubmissionFactory.create_batch(2, owner=owner, done__explained=True)
    queries(14)
    SubmissionFactory.create_batch(9, owner=owner, done__explained=True)
    queries(14)


@pytest.fixture
def person():
    """Return a person with pictures."""
    user = UserFactory()
    SubmissionFactory(owner=user, done__explained=True)
    ReviewFactory(submission=SubmissionFactory(owner=user, done=True))
    return user


def confirm(client: Client, asked, password: str = PASSWORD):
    """Send the password that was asked for, and follow the redirects."""
    return client.post(asked.url, {"password": password}, follow=True)


def test_the_page_says_how_much_is_kept_and_for_how_long(person, settings):
    text = visible_text(sign_in(person).get(reverse("account_data")).content)
    assert "You have sent in 2 pictures. They stay until you delete them." in text
    settings.RETENTION = timedelta(days=30)
    text = visible_text(sign_in(person).get(reverse("account_data")).content)
    assert "Each is deleted 30 days after it was sent in" in text


def test_an_account_is_deleted_with_rows_and_files(
    person, stored_files, django_capture_on_commit_callbacks
):
    client, elsewhere = sign_in(person), sign_in(person)
    other = SubmissionFactory(done=True)
    assert "Delete your account?" in visible_text(client.get(DELETE).content)
    assert User.objects.filter(pk=person.pk).exists()  # to look is not to delete
    asked = client.post(DELETE)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = confirm(client, asked)
    assert "Your account is deleted" in visible_text(answer.content)
    assert not User.objects.filter(pk=person.pk).exists()
    assert list(Submission.objects.all()) == [other]
    assert Prediction.objects.count() == 1
    assert not Review.objects.exists()
    assert not Review.history.exists()
    assert len(stored_files()) == 2
    for browser in (client, elsewhere):
        assert not is_signed_in(browser)


def test_with_a_wrong_password_nothing_is_deleted(person):
    client = sign_in(person)
    answer = confirm(client, client.post(DELETE), "wrong password")
    assert answer.wsgi_request.path == reverse("account_reauthenticate")
    assert User.objects.filter(pk=person.pk).exists()
    assert person.submissions.count() == 2


@pytest.mark.parametrize("said", ["review", "overrule"])
def test_a_clinician_who_said_something_of_others_cannot_leave_alone(reviewer, said):
    if said == "review":
        ReviewFactory(reviewer=reviewer)
    else:
        SubmissionFactory(done=True, overruled_by=reviewer)
    client = sign_in(reviewer)
    answer = confirm(client, client.post(DELETE))
    assert "ask an administrator" in visible_text(answer.content)
    assert User.objects.filter(pk=reviewer.pk).exists()


def aged(days: int, **state) -> Submission:
    submission = SubmissionFactory(**state)
    Submission.objects.filter(pk=submission.pk).update(
        created_at=timezone.now() - timedelta(days=days)
    )
    return submission


def test_what_is_too_old_is_deleted_with_its_files(
    settings, stored_files, django_capture_on_commit_callbacks
):
    settings.RETENTION = timedelta(days=30)
    for state in ({"done__explained": True}, {"failed": True}, {"rejected": True}):
        aged(31, **state)
    kept = [aged(29, done=True), aged(31), aged(31, running=True)]
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_expired_submissions() == (3, [])
    assert set(Submission.objects.all()) == set(kept)
    assert len(stored_files()) == 6
    assert delete_expired_submissions() == (0, [])


def test_what_cannot_be_deleted_takes_nothing_else_along(settings, monkeypatch, caplog):
    settings.RETENTION = timedelta(days=30)
    _, bad, _ = [aged(days, done=True) for days in (33, 32, 31)]
    remove = Submission.delete

    def delete(submission: Submission) -> None:
        if submission == bad:
            raise RuntimeError("something protects it")
        remove(submission)

    monkeypatch.setattr(Submission, "delete", delete)
    tasks.expire_submissions()
    assert Submission.objects.get() == bad
    assert not AuditEntry.objects.filter(subject_key=str(bad.pk)).exists()
    assert f"Retention: not deleted: {bad.pk}" in caplog.text
    assert delete_expired_submissions() == (0, [bad.pk])


def test_without_a_limit_everything_stays(settings):
    assert settings.RETENTION is None
    aged(5000, done=True)
    assert delete_expired_submissions() == (0, [])
    assert Submission.objects.get().status == Status.DONE
