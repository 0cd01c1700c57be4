"""A person chooses several pictures of their history, and deletes or exports them together."""

from __future__ import annotations

import io
import json
import re
import zipfile
from uuid import uuid4

import pytest
from django.urls import reverse

from classifier.models import AuditEntry, Submission
from tests.classifier.markup import visible_text
from tests.factories import ReviewFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
DELETE, EXPORT, HISTORY = reverse("delete_chosen"), reverse("export_chosen"), reverse("history")
NOTHING = "Choose one or more of your pictures first."


@pytest.fixture
def three(owner) -> list[Submission]:
    kept, plain = SubmissionFactory.create_batch(2, owner=owner)
    done = SubmissionFactory(
        owner=owner, original_name="arm.jpg", note="Left arm.", done__explained=True
    )
    ReviewFactory(submission=done)
    return [kept, plain, done]


def chosen(*submissions: Submission) -> dict[str, list[str]]:
    return {"chosen": [str(submission.pk) for submission in submissions]}


def logged(action: str) -> set[str]:
    return set(AuditEntry.objects.filter(action=action).values_list("subject_key", flat=True))


def test_each_row_can_be_chosen_without_a_script(owner_client, three):
    html = owner_client.get(HISTORY).content.decode()
    boxes = re.findall(r'<input type="checkbox" name="chosen" value="([^"]+)"', html)
    assert set(boxes) == {str(submission.pk) for submission in three}
    assert f'<form method="get" action="{EXPORT}"' in html
    assert f'formaction="{DELETE}"' in html


def test_before_anything_is_deleted_the_page_says_how_many_and_what_is_lost(owner_client, three):
    _, plain, done = three
    html = owner_client.get(DELETE, chosen(plain, done)).content.decode()
    text = visible_text(html)
    assert "Delete 2 pictures?" in text
    assert "They will be gone for good. There is no undo." in text
    assert "Gone with them: 1 result, 1 note, 1 review." in text
    assert "arm.jpg" in text
    keys = re.findall(r'<input type="hidden" name="chosen" value="([^"]+)"', html)
    assert set(keys) == {str(plain.pk), str(done.pk)}
    assert Submission.objects.count() == 3
    alone = visible_text(owner_client.get(DELETE, chosen(plain)).content)
    assert "It will be gone for good. There is no undo." in alone
    assert "Gone with" not in alone


def test_the_chosen_are_deleted_with_their_files_and_no_others(
    owner_client, three, stored_files, django_capture_on_commit_callbacks
):
    kept, plain, done = three
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner_client.post(DELETE, chosen(plain, done), follow=True)
    assert "2 pictures are deleted, with all that was said of them." in visible_text(answer.content)
    assert list(Submission.objects.all()) == [kept]
    assert len(stored_files()) == 2
    assert logged("deleted") == {str(plain.pk), str(done.pk)}


def test_either_all_are_deleted_or_none(owner_client, three, monkeypatch):
    _, plain, done = three
    remove = Submission.delete

    def delete(submission: Submission) -> None:
        if submission == done:
            raise RuntimeError("something protects it")
        remove(submission)

    monkeypatch.setattr(Submission, "delete", delete)
    owner_client.raise_request_exception = False
    assert owner_client.post(DELETE, chosen(plain, done)).status_code == 500
    assert Submission.objects.count() == 3
    assert logged("deleted") == set()


@pytest.mark.parametrize("role", ["owner", "reviewer", "superuser"])
def test_what_is_somebody_elses_is_left_alone_like_what_is_not_there(role, browsers, three, other):
    theirs = SubmissionFactory(owner=other)
    nothing = {"chosen": ["", "x", "\0", str(uuid4())]}
    for query in (chosen(theirs), nothing, {}):
        for answer in (
            browsers[role].get(DELETE, query, follow=True),
            browsers[role].post(DELETE, query, follow=True),
            browsers[role].get(EXPORT, query, follow=True),
        ):
            assert answer.redirect_chain == [(HISTORY, 302)]
            assert NOTHING in visible_text(answer.content)
    mixed = {"chosen": [str(theirs.pk), str(three[0].pk)]}
    if role == "owner":
        page = visible_text(browsers[role].get(DELETE, mixed).content)
        assert "Delete 1 picture?" in page
        browsers[role].post(DELETE, mixed)
        assert not Submission.objects.filter(pk=three[0].pk).exists()
    assert Submission.objects.filter(pk=theirs.pk).exists()
    assert AuditEntry.objects.filter(subject_key=str(theirs.pk)).count() == 0


def test_the_export_is_like_that_of_the_account_with_the_chosen_alone(owner_client, owner, three):
    _, plain, done = three
    answer = owner_client.get(EXPORT, chosen(plain, done))
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="skinsite-')
    exported = b"".join(answer.streaming_content)
    found = zipfile.ZipFile(io.BytesIO(exported))
    results = json.loads(found.read("results.json"))
    assert {one["id"] for one in results["submissions"]} == {str(plain.pk), str(done.pk)}
    assert found.read("results.csv").decode().count("\r\n") == 3
    names = [name for name in found.namelist() if name.startswith(("pictures/", "heat-maps/"))]
    assert len(names) == 3
    assert logged("exported") == {str(plain.pk), str(done.pk)}
    # Whoever is handed the file learns nothing of the account.
    assert "account" not in results
    assert owner.email.encode() not in exported
    account = owner_client.get(reverse("account_export"))
    everything = zipfile.ZipFile(io.BytesIO(b"".join(account.streaming_content)))
    assert set(everything.namelist()) > set(found.namelist())
    by_id = {one["id"]: one for one in json.loads(everything.read("results.json"))["submissions"]}
    assert [by_id[one["id"]] for one in results["submissions"]] == results["submissions"]


def test_many_chosen_take_no_more_queries_to_confirm_and_to_export(
    owner, owner_client, django_assert_num_queries
):
    def queries(confirm: int, export: int) -> None:
        query = chosen(*Submission.objects.all())
        with django_assert_num_queries(confirm):
            owner_client.get(DELETE, query)
        answer = owner_client.get(EXPORT, query)
        with django_assert_num_queries(export):
            b"".join(answer.streaming_content)

    SubmissionFactory.create_batch(2, owner=owner, done__explained=True)
    queries(4, 6)
    SubmissionFactory.create_batch(9, owner=owner, done__explained=True)
    queries(4, 6)
