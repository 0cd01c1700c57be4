"""This watches the processes of each container of Compose, and what memory they have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.bench.web_memory import family, most_resident
from tests.deploy import compose
from tests.site import Site

#: The processes of a container have this in their command.
PARTS = {
    "web": "gunicorn",
    "worker": "--queues analysis",
    "bulk": "--queues bulk",
    "mail": "--queues mail",
    "beat": "beat --pidfile",
}
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


class Container(NamedTuple):
    """This is what Compose gives a container.

    Attributes:
        limit: so many bytes of memory.
        files_in_memory: whether its temporary files lie in its memory, and not on a disk.
    """

    limit: int
    files_in_memory: bool


def container(name: str) -> Container:
    service = compose()[name]
    number, unit = re.fullmatch(r"(\d+)([kmg])", service["mem_limit"]).groups()
    folders = [told.partition(":")[0] for told in service["tmpfs"]]
    return Container(int(number) * UNITS[unit], "/tmp" in folders)


class Watch:
    """All containers of a site are looked at together.

    Attributes:
        peaks: the most bytes that each container had at once. Processes count with the most that
            they ever had, so that this is what the container had at most, or more.
        files: the most bytes that each had in temporary files at once.
    """

    def __init__(self, site: Site, temporary: Path) -> None:
        self.site, self.temporary = site, temporary
        self.containers = {name: container(name) for name in PARTS}
        self.peaks, self.files = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)

    def look(self) -> None:
        for name, part in PARTS.items():
            processes = family(self.site, part)
            files = bytes_in_files({one.pid for one in processes}, self.temporary)
            resident = sum(map(most_resident, processes))
            if self.containers[name].files_in_memory:
                resident += files
            self.peaks[name] = max(self.peaks[name], resident)
            self.files[name] = max(self.files[name], files)


def bytes_in_files(processes: Iterable[int], folder: Path) -> int:
    """Return the bytes of the open files below ``folder``, also of those without a name."""
    found = {}
    for pid in processes:
        for opened in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                if str(opened.readlink()).startswith(str(folder)):
                    told = opened.stat()
                    found[told.st_dev, told.st_ino] = 512 * told.st_blocks
            # It was closed just now, or its process has ended.
            except OSError:
                continue
    return sum(found.values())
