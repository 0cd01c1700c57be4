"""All that a supervisor starts ends with it, however it ends and whatever its programs do."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from skinsite.guard import GRACE
from tests.serve.waiting import wait_until
from tests.site import ROOT

OBEDIENT = "time.sleep(600)"
#: This program has a child of its own, and is deaf to any request to end.
STUBBORN = (
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('deaf', flush=True); time.sleep(600)"
)
#: This program says more than anybody reads.
NOISY = "[print('x' * 1000, flush=True) for _ in iter(int, 1)]"


def end(supervisor: subprocess.Popen, how: signal.Signals) -> float:
    """End the supervisor by a signal, and return the seconds until all that it started is gone."""
    found = psutil.Process(supervisor.pid).children(recursive=True)
    began = time.monotonic()
    supervisor.send_signal(how)
    supervisor.wait(30)
    wait_until(lambda: not any(map(_lives, found)), 30)
    return time.monotonic() - began


def _lives(process: psutil.Process) -> bool:
    # Where nobody asks for the status of an orphan, it stays in the table of processes.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def start(tmp_path) -> Callable[..., subprocess.Popen]:
    """Return a function that starts a supervisor and waits until its programs have started.

    Its output goes to ``log``.
    """
    started = []

    def run(*programs: str, stdout: int | None = None) -> subprocess.Popen:
        log = tmp_path / "log"
        with log.open("w") as stream:
            command = [sys.executable, "-m", "tests.serve.supervised", *programs]
            supervisor = subprocess.Popen(command, cwd=ROOT, stdout=stdout or stream)
        started.append(supervisor)
        if stdout is None:
            said = re.compile(r"\| (\d+|deaf)$", re.M)
            wanted = len(programs) + programs.count(STUBBORN)
            wait_until(lambda: len(said.findall(log.read_text())) == wanted)
        return supervisor

    yield run
    for supervisor in started:
        supervisor.kill()
        supervisor.wait()


def test_what_has_ended_by_itself_is_not_waited_for(start):
    assert end(start(OBEDIENT, OBEDIENT), signal.SIGTERM) < GRACE / 2


def test_what_does_not_end_is_killed(start):
    seconds = end(start(OBEDIENT, STUBBORN), signal.SIGTERM)
    assert GRACE <= seconds < GRACE + 3


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGUSR1])
def test_nothing_outlives_a_supervisor_that_dies(start, how):
    assert end(start(OBEDIENT, STUBBORN), how) < GRACE + 3


def test_nobody_who_does_not_read_keeps_it_from_ending(start):
    supervisor = start(NOISY, OBEDIENT, stdout=subprocess.PIPE)
    wait_until(lambda: len(psutil.Process(supervisor.pid).children()) == 3)
    time.sleep(1)
    with supervisor.stdout:
        assert end(supervisor, signal.SIGTERM) < GRACE
