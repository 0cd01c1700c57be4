"""A worker shows by itself that it lives, and `deploy/` sees it with a broker or without."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from classifier.models import Status
from classifier.services.submissions.submit import submit_picture
from tests.factories import UserFactory
from tests.lesions import judged
from tests.serve.waiting import halt
from tests.services.test_deploy import DEPLOY, UNITS, commands, compose, kubernetes, unit
from tests.site import ROOT

#: Here a heartbeat comes after so many seconds, and a worker counts as stuck after so many without
#: one. In production these are two seconds and a minute.
EVERY, LIMIT = 0.5, 4.0


class Watchdog:
    """This does what systemd does with the messages of a unit's main process."""

    def __init__(self, limit: float) -> None:
        self.limit, self.address = limit, f"@skinsite-{uuid.uuid4()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0"))

    def hears(self) -> bool:
        """Return whether a process tells from now on and before the limit that it lives."""
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(100)
        except BlockingIOError:
            self.socket.settimeout(self.limit)
        try:
            return self.socket.recv(100) == b"READY=1\nWATCHDOG=1"
        except TimeoutError:
            return False


@pytest.fixture
def limit() -> float:
    return LIMIT


@pytest.fixture
def watchdog(limit) -> Iterator[Watchdog]:
    one = Watchdog(limit)
    with one.socket:
        yield one


@pytest.fixture
def environment(watchdog, limit, tmp_path) -> dict[str, str]:
    """Return the variables that a container or a unit has of its own."""
    return {
        "HEARTBEAT_FILE": str(tmp_path / "heartbeat"),
        "HEARTBEAT_EVERY": str(EVERY),
        "HEARTBEAT_MAX_AGE": str(limit),
        "NOTIFY_SOCKET": watchdog.address,
    }


@pytest.fixture
def seen(watchdog, environment) -> Callable[[str], dict[str, bool]]:
    """Return a function that tells whether a role lives, as each way of running it sees it."""

    def succeeds(command: list[str]) -> bool:
        assert command[0] == "python"
        told = os.environ | environment
        answer = subprocess.run([sys.executable, *command[1:]], cwd=ROOT, env=told, timeout=10)
        return answer.returncode == 0

    def look(role: str) -> dict[str, bool]:
        how, *command = compose()[role]["healthcheck"]["test"]
        assert how == "CMD"
        return {
            # This comes first. Where nobody lives, it listens until the limit has passed, and so
            # the limit has passed for the others too.
            "systemd": watchdog.hears(),
            "compose": succeeds(command),
            "kubernetes": succeeds(kubernetes()[role]["livenessProbe"]["exec"]["command"]),
        }

    return look


@pytest.fixture
def work(start, environment) -> Callable:
    """Return a function that starts a role by its command."""

    def run(role: str, app: str = "skinsite", **variables: str):
        _, option, _, *rest = commands()["kubernetes"][role]
        assert option == "--app"
        return start(" ".join([app, *rest]), **environment | variables)

    return run


def wait_until_seen(seen: Callable[[str], dict[str, bool]], role: str) -> None:
    deadline = time.monotonic() + 60
    while not all(seen(role).values()):
        assert time.monotonic() < deadline


def test_a_container_has_a_place_for_the_heartbeat_and_a_unit_a_watchdog():
    text = (DEPLOY / "Containerfile").read_text()
    folder = re.search(r"^ENV .*HEARTBEAT_FILE=(\S+)/heartbeat$", text, re.MULTILINE)[1]
    for role in ("worker", "bulk"):
        assert folder in compose()[role]["tmpfs"]
        assert folder in [mount["mountPath"] for mount in kubernetes()[role]["volumeMounts"]]
        said = unit(UNITS[role])
        assert said["Type"] == ["notify"]
        assert float(said["WatchdogSec"][0]) == 60


def test_a_worker_that_never_started_is_seen(seen):
    assert not any(seen("worker").values())


@pytest.mark.parametrize("role", ["worker", "bulk"])
def test_a_worker_that_stands_still_is_seen(work, seen, role):
    worker = work(role)
    wait_until_seen(seen, role)
    halt(worker.process.pid)
    assert not any(seen(role).values())
    os.kill(worker.process.pid, signal.SIGCONT)
    wait_until_seen(seen, role)


def test_a_worker_whose_main_thread_is_blocked_is_seen(work, seen):
    worker = work("worker", "tests.services.slow_worker", SLOW_SECONDS="0")
    wait_until_seen(seen, "worker")
    os.kill(worker.process.pid, signal.SIGUSR2)
    assert not any(seen("worker").values())
    assert worker.process.poll() is None


def assert_it_is_seen_for(seconds: float, seen: Callable[[str], dict[str, bool]]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = seen("worker")
        assert all(found.values()), found
        time.sleep(0.5)


# An attempt to reach a broker that hangs takes seconds, in which there is no heartbeat.
@pytest.mark.parametrize("limit", [10.0])
def test_a_worker_lives_whether_its_broker_is_there_or_not(work, seen, broker, limit):
    broker.kill()
    work("worker", "tests.services.slow_worker", SLOW_SECONDS="0", REDIS_URL=broker.url)
    wait_until_seen(seen, "worker")
    assert_it_is_seen_for(1.2 * limit, seen)
    broker.start()
    assert_it_is_seen_for(3, seen)
    for take_away in (broker.halt, broker.kill):
        take_away()
        assert_it_is_seen_for(1.2 * limit, seen)


def test_a_worker_with_a_long_analysis_lives(work, seen, wait_for):
    long = 2.5 * LIMIT
    work("worker", "tests.services.slow_worker", SLOW_SECONDS=str(long), ANALYSIS_TIME_LIMIT="60")
    wait_until_seen(seen, "worker")
    submission = submit_picture(owner=UserFactory(), stream=io.BytesIO(judged()), name="mole.jpg")
    wait_for(submission, Status.RUNNING)
    began = time.monotonic()
    while submission.status == Status.RUNNING:
        assert_it_is_seen_for(1, seen)
        submission.refresh_from_db()
    assert submission.status == Status.DONE
    assert time.monotonic() - began > 2 * LIMIT
