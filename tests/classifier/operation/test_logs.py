"""A line of the log says to which request it belongs, and what became of that."""

from __future__ import annotations

import errno
import io
import json
import logging
import logging.config
import re
import runpy
import sqlite3
import warnings
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from classifier.models import Submission
from classifier.services.submissions import submit as submit_module
from classifier.services.submissions.analyse import analyse_waiting_submissions
from tests.factories import picture

pytestmark = pytest.mark.django_db
LOGS = settings.BASE_DIR / "skinsite" / "settings" / "logs.py"


@pytest.fixture
def events(monkeypatch) -> Iterator[Callable[[], list[dict]]]:
    """Return what was logged so far, as production writes it."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    written = runpy.run_path(str(LOGS))["LOGGING"]["formatters"]["event"]
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(logging.config.DictConfigurator({}).configure_formatter(written))
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_request_is_one_line_with_the_id_that_the_answer_names(client, events):
    answer = client.get(reverse("about"))
    (event,) = events()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event.pop("timestamp"))
    assert event == {
        "event": "request_finished",
        "request": "GET /about/",
        "code": 200,
        "level": "info",
        "logger": "django_structlog.middlewares.request",
        "request_id": answer["X-Request-ID"],
    }
    assert client.get(reverse("about"))["X-Request-ID"] != answer["X-Request-ID"]


def test_a_page_that_is_not_there_is_one_line_too(client, events):
    client.get("/no/such/page/?of=ada")
    (event,) = events()
    assert (event["request"], event["code"]) == ("GET (no such page)", 404)


def test_a_request_that_fails_tells_where_but_no_variable(owner_client, events, monkeypatch):
    def fail(*arguments: object) -> None:
        the_name_of_a_file = "left-arm.jpg"
        raise RuntimeError("Nobody thought of this." if the_name_of_a_file else "")

    monkeypatch.setattr(submit_module, "_store", fail)
    owner_client.raise_request_exception = False
    file = SimpleUploadedFile("left-arm.jpg", picture(), "image/jpeg")
    answer = owner_client.post(reverse("upload"), {"images": file})
    (event,) = [event for event in events() if event["event"] == "request_failed"]
    assert (event["code"], event["request"]) == (500, "POST /upload/")
    assert event["request_id"] == answer["X-Request-ID"]
    assert "RuntimeError: Nobody thought of this." in event["exception"]
    assert ", in fail" in event["exception"]
    assert "left-arm" not in str(events())


def test_the_way_to_a_new_password_is_in_no_line(client, owner, events):
    client.post(reverse("account_reset_password"), {"email": owner.email})
    (link,) = re.findall(r"https?://[^/]+(/\S+)", mail.outbox[0].body)
    assert client.get(link, follow=True).status_code == 200
    told = [event["request"] for event in events()]
    assert "GET /accounts/password/reset/key/" in told[-1]
    key = link.rstrip("/").rpartition("/")[2]
    assert key not in str(events())


def test_a_form_that_is_refused_tells_neither_where_it_was_nor_where_it_came_from(owner, events):
    client = Client(enforce_csrf_checks=True)
    address = reverse("account_reset_password_from_key", args=["1", "the-key-in-the-mail"])
    for headers in (
        {},
        {"origin": "https://evil.example"},
        {"referer": f"https://elsewhere.example{address}"},
    ):
        answer = client.post(address, {"password1": "x"}, secure=True, headers=headers)
        assert answer.status_code == 403
    refused = [event for event in events() if event["logger"] == "django.security.csrf"]
    assert [event["event"] for event in refused] == [
        "Forbidden: Referer checking failed",
        "Forbidden: Origin checking failed",
        "Forbidden: Referer checking failed",
    ]
    for secret in ("the-key-in-the-mail", "elsewhere", "evil"):
        assert secret not in str(events())


def test_every_step_of_a_submission_is_told(
    owner_client, analyst, events, django_capture_on_commit_callbacks
):
    file = SimpleUploadedFile("left-arm.jpg", picture(), "image/jpeg")
    with django_capture_on_commit_callbacks(execute=True):
        owner_client.post(reverse("upload"), {"images": file})
    key = Submission.objects.get().pk
    analyse_waiting_submissions(key)
    queued, done = [event for event in events() if str(key) in event["event"]]
    assert (queued["event"], done["event"]) == (f"{key} is queued", f"{key} is done")


def test_a_format_that_is_none(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "yaml")
    with pytest.raises(ImproperlyConfigured, match="json or line"):
        runpy.run_path(str(LOGS))


def test_a_host_that_is_not_ours_is_one_line(client, events):
    assert client.get(reverse("about"), headers={"host": "evil.example"}).status_code == 400
    (event,) = events()
    assert (event["code"], event["failure"]) == (400, "DisallowedHost")
    assert "evil" not in str(event)


def test_a_warning_of_a_library_is_one_line(events):
    # pytest shows warnings in its own way, until the settings are read again.
    logging.captureWarnings(capture=False)
    runpy.run_path(str(LOGS))
    warnings.showwarning(UserWarning("Corrupt EXIF data.\n4 bytes"), UserWarning, __file__, 1)
    (event,) = events()
    assert event["level"] == "warning"
    assert event["event"].endswith("1: UserWarning: Corrupt EXIF data. 4 bytes")


def test_a_storage_that_fails_is_told_with_the_status_that_was_sent(
    owner_client, events, monkeypatch
):
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "left-arm.jpg")

    monkeypatch.setattr(submit_module, "_store", fail)
    file = SimpleUploadedFile("left-arm.jpg", picture(), "image/jpeg")
    assert owner_client.post(reverse("upload"), {"images": file}).status_code == 503
    (event,) = events()
    assert (event["code"], event["failure"]) == (503, "OSError No space left on device")
    assert "left-arm" not in str(event)


def test_a_locked_database_is_told_with_the_status_that_was_sent(client, events, monkeypatch):
    locked = sqlite3.OperationalError("database is locked: ada@example.org")
    locked.sqlite_errorname = "SQLITE_BUSY"

    def fail(*arguments: object, **options: object) -> None:
        raise OperationalError(str(locked)) from locked

    monkeypatch.setattr("classifier.views.pages.ModelVersion.objects.filter", fail)
    client.raise_request_exception = False
    assert client.get(reverse("about")).status_code == 503
    (event,) = events()
    assert (event["code"], event["failure"]) == (503, "OperationalError SQLITE_BUSY")
    assert "ada" not in str(event)
