"""Work on single pictures in threads, which Pillow, NumPy and SciPy let run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_in_threads(
    function: Callable[[T], R], items: Iterable[T], threads: int | None = None
) -> list[R]:
    """Return ``function`` of every item, in order.

    Args:
        function: function of one item; the first exception that it raises is raised here.
        items: the items to call it with.
        threads: how many calls run at once; with None, as many as this process may use cores.
    """
    items = list(items)
    threads = threads or cores()
    if threads == 1 or len(items) < 2:
        return [function(item) for item in items]
    return list(_pool(threads).map(function, items))


def cores() -> int:
    """Return how many cores this process may use, or all where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# The threads are kept, because to start them costs as much as what they do to a picture.
@lru_cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "picture")
