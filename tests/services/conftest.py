"""Real PostgreSQL, real Redis, real worker processes. Without them these tests fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from classifier.models import Status, Submission
from tests.site import ROOT, free_port

#: Short enough to watch a worker being given up, long enough for a slow machine.
LIMITS = {"ANALYSIS_TIME_LIMIT": "6", "SWEEP_EVERY": "1", "MESSAGE_LOST_AFTER": "2"}


@pytest.fixture(scope="session", autouse=True)
def _services() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        pytest.exit(f"{' and '.join(missing)} must be set. Run: make test-services", returncode=1)


def database_url(name: str) -> str:
    """Return the address of the database ``name`` beside the one in ``DATABASE_URL``."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def database(transactional_db) -> str:
    """The address of the tests' own database, empty but for the shipped model."""
    call_command("register_models", verbosity=0)
    return database_url(connection.settings_dict["NAME"])


@pytest.fixture
def queue() -> redis.Redis:
    """The tests' Redis, empty."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    return client


class Process:
    """A command as a process group that ends with the test."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.kill()

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start(database, queue, tmp_path) -> Iterator[Callable[..., Process]]:
    """Start ``celery --app COMMAND`` processes that end with the test."""
    shared = LIMITS | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with ExitStack() as stack:

        def run(command: str, **environment: str) -> Process:
            celery = [sys.executable, "-m", "celery", "--quiet", "--app", *command.split()]
            log = tmp_path / f"{len(list(tmp_path.iterdir()))}.log"
            return stack.enter_context(Process(celery, log, shared | environment))

        yield run


class Broker:
    """A Redis of one test's own, to be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = Process(command, self.folder / "redis.log", {})
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, (self.folder / "redis.log").read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()

    def halt(self) -> None:
        """Let it accept connections but answer nothing."""
        os.kill(self.process.process.pid, signal.SIGSTOP)


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    yield one
    one.kill()


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
