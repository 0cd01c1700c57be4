"""This waits for what other processes do, and halts them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import psutil


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def halt(*processes: int) -> None:
    """Halt processes of the test's own, and wait until they do nothing more."""
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: all(map(_is_halted, processes)))


def _is_halted(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED
