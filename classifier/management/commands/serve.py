from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from skinsite import supervisor
from skinsite.settings.environment import EMAIL_URL, PRODUCTION

#: These addresses mean "all interfaces". Nobody can connect to them, so each has one that works.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
WORKER_READY = settings.DATA_DIR / "run" / "worker_ready"
#: Threads wait for the mail server, so that a slow one does not hold up all mails.
MAIL_OPTIONS = f"--queues {settings.MAIL_QUEUE} --pool threads --concurrency 4"


class Command(BaseCommand):
    help = "Start the whole site in the foreground: web, worker and schedule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"].strip("[]"), options["port"]
        _check_port_is_free(host, port)
        if not PRODUCTION:
            _tell_names(host, port)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("register_models", stdout=self.stdout)
        call_command("collectstatic", interactive=False, verbosity=0)
        WORKER_READY.unlink(missing_ok=True)
        gunicorn = "gunicorn --config python:skinsite.gunicorn skinsite.wsgi --bind"
        celery = "celery --quiet --app skinsite"
        python = [sys.executable, "-m"]
        supervisor.run(
            {
                "web": [*python, *gunicorn.split(), f"{_as_written(host)}:{port}"],
                "worker": [*python, *f"{celery} worker --queues {settings.ANALYSIS_QUEUE}".split()],
                "bulk": [*python, *f"{celery} worker --queues {settings.BULK_QUEUE}".split()],
                "mail": [*python, *f"{celery} worker {MAIL_OPTIONS}".split()],
                "beat": [*python, *f"{celery} beat --pidfile=".split()],
            },
            watch=lambda stop: _announce(host, port, stop),
        )


def _as_written(host: str) -> str:
    """Return ``host`` as it is written in front of a port. An IPv6 address needs brackets."""
    return f"[{host}]" if ":" in host else host


def _tell_names(host: str, port: int) -> None:
    """Tell the processes under which names the site is reached, and where its mails lead to."""
    if _as_written(host) not in settings.ALLOWED_HOSTS:
        # Beyond this machine the site has names that we cannot guess, so it answers to any. But a
        # name that somebody makes up must not get into other people's mail.
        if EMAIL_URL and not os.environ.get("SITE_ADDRESS"):
            raise CommandError(
                "The site sends mail (EMAIL_URL), so it must know where people find it. "
                f"For example: make run HOST={host} SITE_ADDRESS=http://skin.example.org:{port}"
            )
        if not EMAIL_URL:
            os.environ.setdefault("ALLOWED_HOSTS", "*")
    reachable = _as_written(EVERYWHERE.get(host, host))
    os.environ.setdefault("SITE_ADDRESS", f"http://{reachable}:{port}")


def _check_port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Where the machine has no IPv6 at all, even making the socket fails.
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", "not a port number")
        raise CommandError(
            f"Cannot listen on {_as_written(host)}:{port}: {reason}. "
            "Choose another port, for example: make run PORT=8001"
        ) from None


def _announce(host: str, port: int, stop: threading.Event) -> None:
    """Say once where the site is, as soon as it answers and the model is warm."""
    reachable = EVERYWHERE.get(host, host)
    began = time.monotonic()
    while not (WORKER_READY.exists() and _answers(reachable, port)):
        if stop.wait(0.2):
            return
    supervisor.say(
        f"SkinSite is ready at http://{_as_written(reachable)}:{port} "
        f"(after {time.monotonic() - began:.1f} s). Ctrl-C stops it."
    )


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
