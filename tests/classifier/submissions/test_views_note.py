"""A person keeps a note on each picture, for themselves and the site's clinicians."""

from __future__ import annotations

import pytest
from django.urls import reverse

from classifier.models import Status, Submission
from classifier.services.submissions.note import write_note
from tests.classifier.addresses import address
from tests.classifier.markup import HTMX, visible_text
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
READERS = "Only you and the site's clinicians can read it."


@pytest.fixture
def submission(owner):
    return SubmissionFactory(owner=owner, done=True)


def test_a_note_is_written_changed_and_removed(owner_client, submission):
    for note in ("On the left arm.", "Since spring.", ""):
        answer = owner_client.post(address("note", submission), {"note": note})
        assert answer.url == f"{address('result', submission)}#note"
        submission.refresh_from_db()
        assert submission.note == note


def test_the_page_shows_it_in_its_field_with_who_can_read_it(show, submission):
    html = show(submission)
    assert READERS in visible_text(html).replace("&#x27;", "'")
    write_note(submission=submission, note="<b>Left</b> arm")
    assert "&lt;b&gt;Left&lt;/b&gt; arm</textarea>" in show(submission)


def test_the_script_of_the_page_gets_the_part_of_the_page(owner_client, submission):
    path = address("note", submission)
    assert f'hx-post="{path}"' in owner_client.get(address("result", submission)).content.decode()
    html = owner_client.post(path, {"note": "Left arm."}, headers=HTMX).content.decode()
    assert html.lstrip().startswith("<details")
    assert "The note is saved." in visible_text(html)
    answer = owner_client.post(path, {"note": "x" * 1001}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "at most 1000 characters" in visible_text(html)
    assert "The note is saved." not in visible_text(html)
    assert "x" * 1001 in html
    submission.refresh_from_db()
    assert submission.note == "Left arm."


def test_a_page_whose_picture_is_gone_or_whose_session_has_ended_says_so(
    client, owner_client, submission
):
    path = address("note", submission)
    signed_out = client.post(path, {"note": "x"}, headers=HTMX)
    assert "You are signed out" in visible_text(signed_out.content)
    submission.delete()
    gone = owner_client.post(path, {"note": "x"}, headers=HTMX)
    assert "This picture is gone" in visible_text(gone.content)


@pytest.mark.parametrize("role", ["reviewer", "superuser"])
def test_a_clinician_reads_it_and_has_no_field(browsers, submission, role):
    write_note(submission=submission, note="On the <i>left</i> arm.")
    html = browsers[role].get(address("result", submission)).content.decode()
    assert "On the &lt;i&gt;left&lt;/i&gt; arm." in html
    assert "<textarea" not in html
    change = reverse("admin:classifier_submission_change", args=[submission.pk])
    assert "On the &lt;i&gt;left&lt;/i&gt; arm." in browsers[role].get(change).content.decode()


def test_a_worker_that_records_meanwhile_loses_nothing(owner):
    submission = SubmissionFactory(owner=owner)
    Submission.objects.update(status=Status.RUNNING, attempts=1)
    write_note(submission=submission, note="Left arm.")
    kept = Submission.objects.get()
    assert (kept.status, kept.attempts, kept.note) == (Status.RUNNING, 1, "Left arm.")


def test_a_note_with_a_null_character_is_refused(owner_client, submission):
    assert owner_client.post(address("note", submission), {"note": "a\0b"}).status_code == 422


def test_the_history_shows_it(owner_client, submission):
    write_note(submission=submission, note="Left arm. " * 90)
    text = visible_text(owner_client.get(reverse("history")).content)
    assert "Left arm. Left arm." in text
    assert text.count("Left arm.") < 15
