"""This makes the system look to a Python program like one that is not Linux.

Python imports this by its name where its folder is in PYTHONPATH: in a run of the tests, and in all
processes of the site that they start.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from types import FrameType

#: Only Linux has these.
ABSENT = {
    os: ("eventfd", "memfd_create", "pidfd_open", "sched_getaffinity", "sched_setaffinity"),
    select: ("epoll",),
}
READING = ("open", "os.listdir", "os.scandir")


def refuse(event: str, arguments: tuple) -> None:
    """Let nobody read below ``/proc`` but psutil, which asks each system in its own way."""
    if event not in READING or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    path = os.fsdecode(arguments[0])
    if path.startswith("/proc") and not _is_asked_by("psutil", sys._getframe(1)):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _is_asked_by(package: str, frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] == package:
            return True
        frame = frame.f_back
    return False


for module, names in ABSENT.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
sys.addaudithook(refuse)
