"""The people who read logs must not learn who uses the site, nor for what."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from structlog.stdlib import ProcessorFormatter

from classifier.models import Submission, User
from classifier.services.submissions import submit as submit_module
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.sweep import sweep_lost_submissions
from tests.classifier.markup import HTMX
from tests.factories import picture

pytestmark = pytest.mark.django_db

EMAIL = "ada.lovelace@example.org"
PASSWORD = "analytical engine"
FILE = "adas-left-arm.jpg"
COMMENT = "a planted remark"
NOTE = "her shoulder itches"
# Each holds letters that no random key has.
SECRETS = ["lovelace", "analytical", "left-arm", COMMENT, NOTE]


@contextmanager
def nothing_personal() -> Iterator[io.StringIO]:
    """Collect all that the site logs, with tracebacks, and look for the secrets in the end."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    (formatter,) = {
        h.formatter for h in root.handlers if isinstance(h.formatter, ProcessorFormatter)
    }
    handler.setFormatter(formatter)
    root.addHandler(handler)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
    text = stream.getvalue().lower()
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.fixture
def log(caplog) -> Iterator[io.StringIO]:
    caplog.set_level(logging.INFO)
    with nothing_personal() as stream:
        yield stream


@pytest.fixture
def ada(log, client: Client) -> Client:
    """Return the browser of a person who has just signed up, through the form."""
    fields = {"email": EMAIL, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_signup"), fields).status_code == 302
    return client


def upload(client: Client, content: bytes | None = None, **options: object):
    file = SimpleUploadedFile(FILE, picture() if content is None else content, "image/jpeg")
    return client.post(reverse("upload"), {"images": file}, **options)


def test_signing_up_in_and_out(ada):
    ada.post(reverse("account_logout"))
    for password in ("wrong " + PASSWORD, PASSWORD):
        ada.post(reverse("account_login"), {"login": EMAIL, "password": password})
    assert ada.get(reverse("history")).status_code == 200


def test_attempts_that_fail(log, client):
    User.objects.create_user(EMAIL, PASSWORD)
    for _ in range(32):
        answer = client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD + "!"})
    assert answer.status_code == 429
    fields = {"email": EMAIL, "password1": PASSWORD, "password2": PASSWORD + "?"}
    client.post(reverse("account_signup"), fields)
    client.post(reverse("account_reset_password"), {"email": EMAIL})
    Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": EMAIL})


@pytest.mark.parametrize("content", [None, b"", b"no picture", picture()[:700], picture("gif")])
def test_uploads_good_and_bad(ada, content):
    assert upload(ada, content).status_code in (302, 422)


def test_an_upload_that_cannot_be_stored(ada, media):
    media.write_text("no folder")
    assert upload(ada).status_code == 503


def test_an_upload_that_ends_in_an_error_of_ours(ada, log, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError("Nobody thought of this.")

    monkeypatch.setattr(submit_module, "_store", fail)
    ada.raise_request_exception = False
    assert upload(ada).status_code == 500
    assert "Nobody thought of this." in log.getvalue()


def test_a_broker_that_is_gone(ada, log, monkeypatch, django_capture_on_commit_callbacks):
    def fail(*args: object, **options: object) -> None:
        raise ConnectionError(f"gone while {FILE} was sent")

    monkeypatch.setattr("skinsite.celery.app.send_task", fail)
    with django_capture_on_commit_callbacks(execute=True):
        upload(ada)
    assert "waits for the sweep" in log.getvalue()


def test_an_analysis_that_fails(ada, log, analyst):
    def fail() -> None:
        raise RuntimeError("the graphics card is on fire")

    upload(ada)
    analyst.meanwhile = fail
    assert analyse_waiting_submissions(Submission.objects.get().pk)
    assert "on fire" in log.getvalue()


def test_an_analysis_whose_picture_is_lost(ada, analyst, media):
    upload(ada)
    submission = Submission.objects.get()
    (media / submission.image.name).unlink()
    analyse_waiting_submissions(submission.pk)
    assert Submission.objects.get().is_failed


def test_everything_else_a_person_does(ada, analyst, time_machine):
    upload(ada)
    submission = Submission.objects.get()
    for note in (NOTE, NOTE * 100):
        ada.post(reverse("note", args=[submission.pk]), {"note": note})
    submission.refresh_from_db()
    assert submission.note == NOTE
    ada.get(reverse("history"), {"q": NOTE})
    time_machine.move_to("2030-01-01")
    sweep_lost_submissions()
    analyse_waiting_submissions(submission.pk)
    for name in ("result", "result_status", "delete", "retry"):
        ada.get(reverse(name, args=[submission.pk]), headers=HTMX)
    ada.get(reverse("history"), {"verdict": "benign"})
    ada.get("/no/such/page/")
    ada.post(reverse("delete", args=[submission.pk]))


def test_reviews(log, login, reviewer, submission):
    path = reverse("admin:classifier_submission_change", args=[submission.pk])
    empty = {f"predictions-{n}_FORMS": "0" for n in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    login(reviewer).post(path, empty | {"diagnosis": "benign", "comment": COMMENT})
    assert submission.reviews.filter(comment=COMMENT).exists()


def test_the_check_itself_finds_what_is_logged():
    with pytest.raises(AssertionError), nothing_personal():
        logging.getLogger("classifier.any").error("Hello %s", EMAIL)
    with pytest.raises(AssertionError), nothing_personal():
        logging.getLogger("django.db").error("Failed", exc_info=RuntimeError(FILE))
