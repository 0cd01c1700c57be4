"""The guard ends what a supervisor started, whatever became of the supervisor itself.

It runs in a session of its own. From a pipe that only the supervisor can write to, it reads which
process groups live and which have ended. The pipe closes when the supervisor has ended, also where
it was killed. The groups that live then are asked to end, and are killed after a while.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

#: This many seconds pass between asking the groups to end and killing them.
GRACE = 6.0
#: A system says by one of these that a group has ended. Of one that has just ended, macOS says that
#: we may not send it a signal.
ENDED = (ProcessLookupError, PermissionError)


def watch(lines: Iterable[str]) -> set[int]:
    """Return the groups that live when ``lines`` end: ``+123`` has begun, ``-123`` has ended."""
    living: set[int] = set()
    for line in lines:
        group = int(line[1:])
        (living.add if line[0] == "+" else living.discard)(group)
    return living


def end(groups: set[int]) -> None:
    """Ask ``groups`` to end, and kill what has not ended in time."""
    for group in groups:
        # Only the first process is asked: it ends its children when they have finished their work.
        with contextlib.suppress(*ENDED):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while any(map(lives, groups)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        kill(group)


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def kill(group: int) -> None:
    with contextlib.suppress(*ENDED):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A person who sends these to all of the site's processes wants the supervisor to end, and
        # the guard must still be there when it has.
        signal.signal(number, signal.SIG_IGN)
    end(watch(sys.stdin))
