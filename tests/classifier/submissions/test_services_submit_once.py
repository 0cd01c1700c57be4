"""A picture that is sent again, because its answer was lost, is the same submission."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.cache import cache

from classifier.models import Submission
from classifier.services.submissions import submit_once as submit_once_module
from classifier.services.submissions.quota import QuotaExceeded
from classifier.services.submissions.submit import submit_picture
from classifier.services.submissions.submit_once import StillSubmitting, submit_picture_once
from classifier.uploads import InvalidImage
from tests.factories import picture

pytestmark = pytest.mark.django_db
KEY = uuid.uuid4()


@pytest.fixture
def send(owner, django_capture_on_commit_callbacks):
    def submitted(key: uuid.UUID = KEY, data: bytes | None = None, by=owner) -> Submission:
        with django_capture_on_commit_callbacks(execute=True):
            return submit_picture_once(
                owner=by, upload_key=key, stream=io.BytesIO(data or picture()), name="mole.jpg"
            )

    return submitted


def test_a_repeat_answers_with_the_same_submission_and_sends_and_stores_nothing(
    send, sent, stored_files
):
    first = send()
    assert send() == send() == first
    assert Submission.objects.get() == first
    assert sent == [str(first.pk)]
    assert len(stored_files()) == 2


def test_a_repeat_is_charged_to_nobody(send, settings):
    settings.UPLOADS_PER_HOUR = 2
    first = send()
    for _ in range(5):
        assert send() == first
    send(uuid.uuid4())
    with pytest.raises(QuotaExceeded):
        send(uuid.uuid4())
    assert send() == first


def test_another_key_and_another_person_are_other_pictures(send, other):
    assert len({send().pk, send(uuid.uuid4()).pk, send(by=other).pk}) == 3


def test_what_was_refused_is_looked_at_anew(send):
    with pytest.raises(InvalidImage):
        send(data=b"no picture")
    assert send().upload_key == KEY


def test_while_the_first_request_is_at_work_a_repeat_does_nothing(
    send, monkeypatch, settings, stored_files
):
    settings.UPLOADS_PER_HOUR = 1
    repeats = []

    def slowly(**options) -> Submission:
        with pytest.raises(StillSubmitting):
            send()
        repeats.append(stored_files())
        return submit_picture(**options)

    monkeypatch.setattr(submit_once_module, "submit_picture", slowly)
    submission = send()
    assert repeats == [[]]
    assert send() == submission


@pytest.fixture
def no_turns(monkeypatch):
    """Take the cache away, so that two requests with one key may be at work at once."""

    def fail(*args: object, **options: object) -> bool:
        raise ConnectionError("no cache")

    for name in ("add", "delete", "incr"):
        monkeypatch.setattr(type(cache._connections["default"]), name, fail)


@pytest.mark.usefixtures("no_turns")
def test_without_turns_the_database_lets_one_picture_through(send, monkeypatch, stored_files):
    first = []

    def overtaken(**options) -> Submission:
        monkeypatch.setattr(submit_once_module, "submit_picture", submit_picture)
        first.append(send())
        return submit_picture(**options)

    monkeypatch.setattr(submit_once_module, "submit_picture", overtaken)
    assert send() == first[0]
    assert Submission.objects.count() == 1
    assert len(stored_files()) == 2
