"""Something is looked at again and again, beside what is done meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def looking(look: Callable[[], None], *, every: float) -> Iterator[None]:
    """Call ``look`` every so many seconds in a thread of its own, and once more at the end."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(every):
            look()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    look()
