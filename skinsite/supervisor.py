"""This runs several processes as one command in the foreground.

It puts a name before each line of their output, starts them again, and ends them cleanly.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from skinsite import guard
from skinsite.output import Output

#: A process gets so many seconds to end by itself before it is killed, and then so many to be gone.
GRACE, GONE = guard.GRACE, 2.0
#: A process that died is started again after so many seconds, doubled each time up to the last.
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
#: A process that has lived for more seconds than these counts as having started well.
STABLE = 60.0

output = Output()
say = output.say


class Guard:
    """This process ends the others where the supervisor cannot."""

    def __init__(self) -> None:
        # It is started by its path, because the package would bring all of Celery along.
        self.process = subprocess.Popen(
            [sys.executable, "-I", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def tell(self, sign: str, group: int) -> None:
        assert self.process.stdin is not None  # a pipe was asked for
        # The site goes on without a guard when the guard has ended.
        with contextlib.suppress(OSError):
            os.write(self.process.stdin.fileno(), f"{sign}{group}\n".encode())

    def end(self) -> None:
        """Let the guard end, because nothing is left that it would have to end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Supervised:
    """This is a named process in a process group of its own, so that its children end with it."""

    def __init__(self, name: str, command: Sequence[str], width: int, guard: Guard) -> None:
        self.name, self.command, self.guard = name, command, guard
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
        self.guard.tell("+", self.process.pid)
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
        guard.kill(self.process.pid)
        self.guard.tell("-", self.process.pid)


def run(commands: dict[str, Sequence[str]], watch: Callable[[threading.Event], None]) -> None:
    """Run ``commands`` until SIGINT, SIGTERM or SIGHUP, then end all of them within `GRACE`.

    Args:
        commands: argument lists by name; one that dies is started again.
        watch: called in a thread beside them, with the event that tells it to stop.
    """
    asked_to_stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The handler takes no lock, because it may run while this thread holds any of them.
        signal.signal(number, lambda number, frame: asked_to_stop.append(number))
    output.start()
    watcher, stop, width = Guard(), threading.Event(), max(map(len, commands))
    running = [Supervised(name, command, width, watcher) for name, command in commands.items()]
    threading.Thread(target=watch, args=(stop,), daemon=True).start()
    due: dict[str, float] = {}
    while not asked_to_stop:
        time.sleep(0.2)
        for one in running:
            if one.name in due:
                if time.monotonic() >= due[one.name]:
                    del due[one.name]
                    one.start()
            elif (pause := one.seconds_until_restart()) is not None:
                # Children of a process that was killed would hold its port and its work.
                one.kill_group()
                due[one.name] = time.monotonic() + pause
    stop.set()
    _end(running)
    watcher.end()
    output.end()


def _end(running: Sequence[Supervised]) -> None:
    say("Stopping.")
    for one in running:
        # Only the first process is asked: it ends its children when they have finished their work.
        one.process.terminate()
    deadline = time.monotonic() + GRACE
    for one in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.process.wait(max(0.0, deadline - time.monotonic()))
            continue
        say(f"{one.prefix}did not end in time; killing it")
    for one in running:
        one.kill_group()
    deadline = time.monotonic() + GONE
    for one in running:
        # A process that waits for a disk is gone only when the disk answers, and this does not
        # wait for that.
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.process.wait(max(0.0, deadline - time.monotonic()))
        one.reader.join(max(0.0, deadline - time.monotonic()))
