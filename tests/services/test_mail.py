"""Mails pass through Redis and a worker of their own to a mail server that is slow."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from django.urls import reverse

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
        assert not any(user.email in str(queue.lrange(key, 0, -1)) for key in queue.keys("mail*"))
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


def _logs(folder: Path) -> str:
    return "".join(log.read_text() for log in folder.glob("*.log"))
