"""A worker sends each mail, and only the person whom it is for learns what is in it."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from django.utils import timezone

from classifier import tasks
from classifier.services.account.mail import KEPT, MAIL_TASK
from skinsite.celery import app

ADDRESS, LINK = "ada.lovelace@example.org", "https://skin.example.org/reset/secret-key/"


class RefusingServer(EmailBackend):
    """This server names in its refusal whom it refuses, as SMTP servers do."""

    attempts = 0

    def send_messages(self, messages: list[EmailMessage]) -> int:
        type(self).attempts += 1
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, LINK.encode())})


@pytest.fixture(autouse=True)
def _by_worker(settings):
    settings.EMAIL_BACKEND = "classifier.mail.Postbox"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAIL_RETRY_PAUSES = (0, 0)


@pytest.fixture
def refusing(settings) -> type[RefusingServer]:
    settings.MAIL_TRANSPORT = f"{__name__}.RefusingServer"
    RefusingServer.attempts = 0
    return RefusingServer


@pytest.fixture
def sealed(messages) -> str:
    """Return a mail that has been posted, as a worker gets it."""
    message = EmailMultiAlternatives(
        "A new password", LINK, None, [ADDRESS], bcc=["copy@example.org"], headers={"X-One": "1"}
    )
    message.attach_alternative("<p>Hello</p>", "text/html")
    assert message.send() == 1
    ((task, (found,)),) = messages
    assert task == MAIL_TASK
    return found


@pytest.fixture
def log(caplog) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    yield caplog
    assert "lovelace" not in caplog.text
    assert "secret-key" not in caplog.text


def test_what_waits_in_the_broker_says_nothing(sealed):
    assert "lovelace" not in sealed
    assert "password" not in sealed
    assert mail.outbox == []


def test_the_worker_sends_it_as_it_was(sealed):
    tasks.send_mail(sealed)
    (sent,) = mail.outbox
    assert (sent.subject, sent.body, sent.to) == ("A new password", LINK, [ADDRESS])
    assert sent.recipients() == [ADDRESS, "copy@example.org"]
    assert sent.extra_headers == {"X-One": "1"}
    assert [tuple(one) for one in sent.alternatives] == [("<p>Hello</p>", "text/html")]


def test_nobody_sends_one_that_has_waited_too_long(sealed, log, time_machine):
    time_machine.move_to(timezone.now() + KEPT + timedelta(seconds=2))
    tasks.send_mail(sealed)
    assert mail.outbox == []
    assert "too old" in log.text


def test_one_of_another_secret_is_not_sent(sealed, log, settings):
    settings.SECRET_KEY = "somebody else's"
    tasks.send_mail(sealed)
    assert mail.outbox == []
    assert "another secret" in log.text


def test_what_cannot_be_sent_is_tried_again_and_then_told(sealed, log, refusing):
    app.tasks[MAIL_TASK].apply([sealed])
    assert refusing.attempts == 3
    assert "not be sent, after 3 attempts: SMTPRecipientsRefused" in log.text


def test_without_a_broker_it_is_sent_at_once(log, monkeypatch):
    monkeypatch.setattr(app, "send_task", _no_broker)
    EmailMessage("A new password", LINK, None, [ADDRESS]).send()
    assert [sent.to for sent in mail.outbox] == [[ADDRESS]]


@pytest.mark.django_db
def test_without_either_the_page_says_what_it_always_says(
    client, owner, log, refusing, monkeypatch
):
    monkeypatch.setattr(app, "send_task", _no_broker)
    answer = client.post(reverse("account_reset_password"), {"email": owner.email})
    assert answer.url == reverse("account_reset_password_done")
    assert "could not be sent: SMTPRecipientsRefused" in log.text


def test_no_pause_is_longer_than_redis_waits_for_an_acknowledgement():
    from skinsite.settings.accounts import MAIL_RETRY_PAUSES

    assert max(MAIL_RETRY_PAUSES) < 10 * app.conf.task_time_limit


def test_a_mail_server_that_does_not_answer_is_given_up(settings):
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert connection.timeout == settings.EMAIL_TIMEOUT == 10


def _no_broker(*arguments: object, **options: object) -> None:
    raise ConnectionError("gone")
