"""Mails pass through Redis and a worker of their own to a mail server that is slow."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import psutil
import pytest
import redis
from django.urls import reverse

from classifier.services.account.mail import MAIL_TASK
from classifier.services.submissions.dispatch import send_to_worker
from tests.factories import UserFactory
from tests.serve.waiting import wait_until
from tests.services.mail_server import MailServer
from tests.services.test_deploy import commands

#: `deploy/` gives the worker of mails so many bytes.
LARGEST_MEMORY = 512_000_000


@pytest.mark.usefixtures("database")
def test_a_slow_mail_server_holds_no_page_and_gets_the_mail_later(
    client, queue, start, settings, tmp_path
):
    settings.EMAIL_BACKEND = "classifier.mail.Postbox"
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    _, _, *command = commands()["kubernetes"]["mail"]
    with MailServer() as server:
        heartbeat = tmp_path / "heartbeat"
        environment = {"EMAIL_URL": server.url, "EMAIL_TIMEOUT": "1"}
        worker = start(" ".join(command), HEARTBEAT_FILE=str(heartbeat), **environment)
        user = UserFactory(email="ada.lovelace@example.org")
        client.get(reverse("account_reset_password"))  # the first page loads code for all
        began = time.monotonic()
        answer = client.post(reverse("account_reset_password"), {"email": user.email})
        assert answer.url == reverse("account_reset_password_done")
        assert time.monotonic() - began < settings.EMAIL_TIMEOUT / 5

        wait_until(lambda: server.connections)
        told = _held(queue)
        assert MAIL_TASK in told
        assert user.email not in told
        wait_until(lambda: "could not be sent yet" in _logs(tmp_path))
        assert server.mails == []
        server.answers.set()
        wait_until(lambda: server.mails)
        assert "To: ada.lovelace@example.org" in server.mails[0]
        assert "/accounts/password/reset/key/" in server.mails[0]

        assert time.time() - heartbeat.stat().st_mtime < 10
        assert psutil.Process(worker.process.pid).memory_info().rss < LARGEST_MEMORY / 2
    assert "lovelace" not in _logs(tmp_path)
    assert "reset/key" not in _logs(tmp_path)


def test_a_mail_that_waits_in_plain_text_would_be_found(queue):
    send_to_worker(task=MAIL_TASK, args=["To: ada.lovelace@example.org"])
    assert "ada.lovelace@example.org" in _held(queue)


def _held(queue: redis.Redis) -> str:
    """Return what the messages of mails say: those that wait, and those that a worker works on."""
    waiting = [json.loads(message) for message in queue.lrange("mail", 0, -1)]
    taken = [json.loads(message)[0] for message in queue.hvals("unacked")]
    return "".join(
        f"{message['headers']['task']} {base64.b64decode(message['body']).decode()}"
        for message in waiting + taken
    )


def _logs(folder: Path) -> str:
    return "".join(log.read_text() for log in folder.glob("*.log"))
