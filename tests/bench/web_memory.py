"""This measures all web processes' memory during eight requests with the largest pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests
from PIL import Image

from tests.looking import looking
from tests.site import Client, Site, resident

REQUESTS = 8
#: The processes of the web container may have so many bytes together.
LIMIT = 600_000_000
Row = tuple[str, str, str]


class WebSite(Site):
    """This is the whole site, ready before its worker has loaded the network."""

    ready = "Listening at"


class WebProcesses:
    """All web processes of a site are looked at together.

    Attributes:
        peak: the most bytes that they had at once, of all times that they were looked at.
    """

    def __init__(self, site: Site) -> None:
        self.site, self.peak = site, 0

    def look(self) -> None:
        self.peak = max(self.peak, self.most())

    def most(self) -> int:
        """Return the sum of the most bytes that each of the processes has had so far."""
        return sum(map(most_resident, family(self.site, "gunicorn")))

    def resident(self) -> int:
        """Return the bytes that the processes have together now."""
        return sum(map(resident, family(self.site, "gunicorn")))


def family(site: Site, part: str) -> set[psutil.Process]:
    """Return the processes whose command contains ``part``, with all that they started."""
    found = set()
    for pid in site.processes(part):
        try:
            process = psutil.Process(pid)
            found |= {process, *process.children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return found


def most_resident(process: psutil.Process) -> int:
    """Return the most bytes that a process has ever had resident, or 0 where it has ended."""
    try:
        told = Path(f"/proc/{process.pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # A process that has ended but was not waited for has no such line.
    return 1024 * int(told.partition("VmHWM:")[2].split()[0]) if "VmHWM:" in told else 0


def largest_pictures() -> list[tuple[str, bytes]]:
    """Return the largest picture of each format that a site takes, as files with a name."""
    kinds = [
        ("RGB", 7071, "JPEG", {}),
        ("RGB", 7071, "JPEG", {"progressive": True}),
        ("RGBA", 5990, "PNG", {"compress_level": 1}),
        ("RGB", 4990, "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", 3464, "WEBP", {"method": 0}),
    ]
    files = []
    for mode, side, kind, options in kinds:
        stream = io.BytesIO()
        Image.new(mode, (side, side), "tan").save(stream, kind, **options)
        files.append((f"large.{kind.lower()}", stream.getvalue()))
    return files


def send_at_once(people: list[Client]) -> list[requests.Response]:
    """Let everybody send a large picture, so that all formats are among them."""
    pictures = largest_pictures()

    def send(number: int) -> requests.Response:
        return people[number].upload([pictures[number % len(pictures)]])

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(send, range(len(people))))


def measure(data_dir: Path) -> Iterator[Row]:
    """Start the site in ``data_dir``, send to it, and yield what its web processes had."""
    with WebSite(data_dir) as site:
        people = [Client(site.address) for _ in range(REQUESTS)]
        for number, person in enumerate(people):
            person.sign_up(f"person{number}@example.org")
        processes = WebProcesses(site)
        with looking(processes.look, every=0.1):
            send_at_once(people)
        goal = f"< {LIMIT / 1e6:.0f} MB"
        yield (
            "web processes, peak with eight large requests",
            f"{processes.peak / 1e6:.0f} MB",
            goal,
        )
        yield "... resident afterwards", f"{processes.resident() / 1e6:.0f} MB", goal
