"""Many threads print lines to standard output here, and none of them waits for the reader."""

from __future__ import annotations

import os
import queue
import sys
import threading

#: So many lines wait for a reader who has stopped reading. Of any more, only the number is told.
WAITING = 10_000
#: The last lines are waited for this many seconds.
LAST = 1.0


class Output:
    """This writes each line as a whole, from a thread of its own.

    A terminal that was halted, or a pipe that is full, holds up the thread that writes to it. That
    must not be the thread that ends the site. Nor may it be one of those that take what the site's
    processes say, because the processes would then wait in turn.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write_all, daemon=True)

    def start(self) -> None:
        """Begin to print, once what was printed before is written."""
        sys.stdout.flush()
        self._thread.start()

    def say(self, line: str) -> None:
        """Have one line printed, whichever thread it comes from."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def end(self) -> None:
        """Wait for the last lines, but not for long."""
        try:
            self._lines.put(None, timeout=LAST)
        except queue.Full:
            return
        self._thread.join(LAST)

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._lost:
                self._write(f"({self._lost} lines were not read in time)")
                self._lost = 0
            self._write(line)

    def _write(self, line: str) -> None:
        # This does not write through sys.stdout, because the interpreter would wait for its lock
        # when it ends.
        data = f"{line}\n".encode(errors="replace")
        try:
            while data:
                data = data[os.write(sys.stdout.fileno(), data) :]
        except OSError:
            # The terminal was closed, or the program that read our output has ended, so that
            # nothing is printed from here on.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
