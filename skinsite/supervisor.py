"""Several processes as one foreground command: prefixed output, restarts, a clean end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

#: Seconds that a process gets to end by itself before it is killed.
GRACE = 7.0
#: Seconds before a process that died is started again; doubled each time, up to the last.
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
#: Seconds after which a process counts as having started well.
STABLE = 60.0


class Supervised:
    """One process with a name, in a process group of its own so that its children end with it."""

    def __init__(self, name: str, command: Sequence[str], width: int) -> None:
        self.name, self.command = name, command
        self.prefix = f"{name:<{width}} | "
        self.pause = FIRST_PAUSE
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.started = time.monotonic()
        self.reader = threading.Thread(target=self._relay, daemon=True)
        self.reader.start()

    def _relay(self) -> None:
        assert self.process.stdout is not None  # a pipe was asked for
        for line in self.process.stdout:
            say(f"{self.prefix}{line.rstrip()}")

    def seconds_until_restart(self) -> float | None:
        """Return how long to wait before starting it again, or None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        if time.monotonic() - self.started > STABLE:
            self.pause = FIRST_PAUSE
        say(f"{self.prefix}ended with status {code}; starting again in {self.pause:.0f} s")
        pause, self.pause = self.pause, min(2 * self.pause, LAST_PAUSE)
        return pause

    def kill_group(self) -> None:
        # All of it has ended; what macOS says of one that has just ended is that it may not.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def say(line: str) -> None:
    """Print one whole line, whichever thread it comes from."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError:
        # The terminal was closed, or whatever read our output has ended: go on without.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(commands: dict[str, Sequence[str]], watch: Callable[[threading.Event], None]) -> None:
    """Run ``commands`` until SIGINT, SIGTERM or SIGHUP, then end all of them within `GRACE`.

    Args:
        commands: argument lists by name; one that dies is started again.
        watch: called in a thread beside them, with the event that tells it to stop.
    """
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    width = max(map(len, commands))
    running = [Supervised(name, command, width) for name, command in commands.items()]
    threading.Thread(target=watch, args=(stop,), daemon=True).start()
    due: dict[str, float] = {}
    while not stop.wait(0.2):
        for one in running:
            if one.name in due:
                if time.monotonic() >= due[one.name]:
                    del due[one.name]
                    one.start()
            elif (pause := one.seconds_until_restart()) is not None:
                # Children of a process that was killed would hold its port and its work.
                one.kill_group()
                due[one.name] = time.monotonic() + pause
    _end(running)


def _end(running: Sequence[Supervised]) -> None:
    say("Stopping.")
    for one in running:
        # To the first process alone: it ends its children when they have finished their work.
        one.process.terminate()
    deadline = time.monotonic() + GRACE
    for one in running:
        try:
            one.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"{one.prefix}did not end in time; killing it")
        one.kill_group()
        one.process.wait()
        one.reader.join(1)
