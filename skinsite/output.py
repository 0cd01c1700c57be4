"""Lines of many threads on standard output, where nobody waits for whoever reads them."""

from __future__ import annotations

import os
import queue
import sys
import threading

#: Lines that wait for a reader who has stopped reading; of more, only the number is told.
WAITING = 10_000
#: Seconds for the last lines.
LAST = 1.0


class Output:
    """Writes each line as a whole, from a thread of its own.

    A terminal that was halted, or a pipe that is full, holds up whoever writes to it. That must be
    neither the thread that ends the site nor those that take what its processes say: they would
    wait in turn.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write_all, daemon=True)

    def start(self) -> None:
        """Begin to print, after what has been printed so far."""
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
        # Not through sys.stdout, whose lock would be waited for when the interpreter ends.
        data = f"{line}\n".encode(errors="replace")
        try:
            while data:
                data = data[os.write(sys.stdout.fileno(), data) :]
        except OSError:
            # The terminal was closed, or whatever read our output has ended: go on without.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
