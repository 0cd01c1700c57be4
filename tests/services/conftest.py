"""Real PostgreSQL, real Redis, real worker processes. Without them these tests fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from classifier.models import Status, Submission
from tests.site import ROOT

#: Short enough to watch a worker being given up, long enough for a slow machine.
LIMITS = {"ANALYSIS_TIME_LIMIT": "6", "SWEEP_EVERY": "1", "MESSAGE_LOST_AFTER": "2"}


@pytest.fixture(scope="session", autouse=True)
def _services() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        pytest.fail(f"{missing} must be set. Run these tests by: make test-services")


class Celery:
    """A ``celery`` command as a process group, on the database of the running test."""

    def __init__(self, log: Path, command: str, **environment: str) -> None:
        database = connection.settings_dict
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--quiet", "--app", *command.split()],
                cwd=ROOT,
                env=os.environ
                | LIMITS
                | {
                    "DATABASE_URL": "postgres://{USER}@{HOST}:{PORT}/{NAME}".format(**database),
                    "DJANGO_SETTINGS_MODULE": "tests.settings",
                }
                | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(transactional_db, tmp_path) -> Iterator[Callable[..., Celery]]:
    """Start ``celery --app COMMAND`` processes that end with the test."""
    # The tables were emptied by the test before; the shipped model belongs into them.
    call_command("register_models", verbosity=0)
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()

    with ExitStack() as stack:

        @contextmanager
        def running(command: str, **environment: str) -> Iterator[Celery]:
            one = Celery(tmp_path / f"{len(list(tmp_path.iterdir()))}.log", command, **environment)
            try:
                yield one
            finally:
                if one.process.poll() is None:
                    one.kill()

        yield lambda command, **environment: stack.enter_context(running(command, **environment))


@pytest.fixture
def wait_for() -> Callable[[Submission, Status], None]:
    """Wait until a submission has a status."""

    def wait(submission: Submission, status: Status, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            submission.refresh_from_db()
            if submission.status == status:
                return
            time.sleep(0.05)
        pytest.fail(
            f"Expected {status}. Received: {submission.status}, {submission.failure_detail}"
        )

    return wait
