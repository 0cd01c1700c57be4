"""Have pictures cleaned in separate processes, one picture at a time in each.

At most one process is at work for pictures that need little memory, and one for all others, however
many requests and web processes there are. So a small picture never waits for a large one.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, Any, Protocol

from django.conf import settings

from classifier.uploads import refusals
from classifier.uploads.child import receive, send
from classifier.uploads.limits import MIB, Limits
from classifier.uploads.refusals import InvalidImage

#: A decoder that says nothing for this many seconds is ended.
PATIENCE = 60.0
#: The decoder of large pictures gets this much less of a busy processor.
NICENESS = 10
#: A decoder gets only these parts of this process's environment, and no secret is among them.
ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
#: These settings make the decoder give freed memory back to the system at once.
FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}


class Seekable(Protocol):
    """Can be read more than once, as a file can."""

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...


class DecodersBusy(Exception):
    """Too many pictures wait already. This one can be sent again soon."""


@dataclass(frozen=True)
class Cleaned:
    """Holds a clean picture as it came from a decoder.

    Attributes:
        content: the picture as a file, on disk where it is large; the caller closes it.
        size: bytes of ``content``.
        extension: ``jpg`` or ``png``.
        copy: a smaller JPEG for pages; empty where the picture is small enough.
        thumbnail: its centre square as a small JPEG.
        width, height: of the picture as it is kept.
        scale: pixels kept for each pixel sent, at most 1.
        seconds: of a processor that it took.
    """

    content: IO[bytes]
    size: int
    extension: str
    copy: bytes
    thumbnail: bytes
    width: int
    height: int
    scale: float
    seconds: float

    @property
    def stored_bytes(self) -> int:
        return self.size + len(self.copy) + len(self.thumbnail)


class _Ended(Exception):
    """The process ended without an answer. It was slow where its time was over."""

    def __init__(self, *, slow: bool) -> None:
        super().__init__()
        self.slow = slow


class Decoder:
    """Runs one process that decodes.

    It is started when it is first needed, and again after its end.
    """

    def __init__(self, *, small: bool) -> None:
        """Choose whether it only decodes small pictures. The other one lets pages go first."""
        self.small = small
        self.process: subprocess.Popen[bytes] | None = None

    def clean(self, stream: Seekable, size: int, limits: Limits) -> Cleaned | None:
        """Return the picture in ``stream``, or None where it is not small but must be.

        Raises:
            InvalidImage: as `classifier.uploads.clean.clean_image` does, or because the picture
                ended the process.
        """
        used = self.process is not None
        began = time.monotonic()
        try:
            return self._ask(stream, size, limits)
        except _Ended as ended:
            # An idle process ends by itself. A new one shows whether this picture was the cause.
            if used and not ended.slow:
                return self.clean(stream, size, limits)
            problem = refusals.too_slow() if ended.slow else refusals.damaged()
            problem.seconds = time.monotonic() - began
            raise problem from None

    def _ask(self, stream: Seekable, size: int, limits: Limits) -> Cleaned | None:
        process = self.process = self.process or self._start()
        assert process.stdin is not None  # pipes were asked for
        assert process.stdout is not None
        slow = threading.Event()

        def give_up() -> None:
            slow.set()
            process.kill()

        watch = threading.Timer(PATIENCE, give_up)
        watch.daemon = True
        watch.start()
        stream.seek(0)
        try:
            send(process.stdin, {"bytes": size, "limits": asdict(limits)})
            shutil.copyfileobj(stream, process.stdin, MIB)
            process.stdin.flush()
            answer = receive(process.stdout)
            if answer is None:
                raise EOFError
            cleaned = _take(process.stdout, answer) if "bytes" in answer else None
        except (BrokenPipeError, EOFError):
            self.end()
            by_time = process.returncode == -signal.SIGXCPU
            raise _Ended(slow=by_time or slow.is_set()) from None
        except BaseException:
            # The process cannot be used again, since nobody knows what is left in its pipes.
            self.end()
            raise
        finally:
            watch.cancel()
        if "refused" in answer:
            raise InvalidImage(answer["refused"], answer["sentence"], answer["seconds"])
        return cleaned

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        command = [sys.executable, "-m", "classifier.uploads.child", *["small"] * self.small]
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment | FRUGAL,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Libraries may write there what is in a file.
            stderr=subprocess.DEVNULL,
        )
        if not self.small:
            # Pages and small pictures go first, since people wait for them.
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def end(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()


def _take(stream: Any, answer: dict[str, Any]) -> Cleaned:
    size, *smaller = answer["bytes"]
    # The caller of `clean_apart` closes it.
    content = tempfile.SpooledTemporaryFile(MIB)  # noqa: SIM115
    try:
        for start in range(0, size, MIB):
            content.write(_exactly(stream, min(MIB, size - start)))
        content.seek(0)
        copy, thumbnail = (_exactly(stream, count) for count in smaller)
    except BaseException:
        content.close()
        raise
    told = {name: answer[name] for name in ("extension", "width", "height", "scale", "seconds")}
    return Cleaned(content=content, size=size, copy=copy, thumbnail=thumbnail, **told)


def _exactly(stream: Any, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


class Lane:
    """Has pictures wait for their decoder, in turns that all web processes share.

    Only one picture of each owner waits for its turn, and the owner's others wait for that one. So
    somebody with a single picture waits for one of each other owner, however many those sent.

    Args:
        name: of the file by which web processes take turns.
        small: whether it is for small pictures alone.
        places: pictures that may wait or be decoded at once, in each web process.
        for_each: how many of these may be of one owner, so that nobody takes all places.
    """

    def __init__(self, name: str, *, small: bool, places: int, for_each: int) -> None:
        self.name, self.places, self.for_each = name, places, for_each
        self.decoder = Decoder(small=small)
        self._count, self._there = threading.Lock(), Counter[Hashable]()
        self._turn_of_owner: dict[Hashable, threading.Lock] = {}
        self._turn = threading.Lock()

    def clean(self, stream: Seekable, size: int, limits: Limits, owner: Hashable) -> Cleaned | None:
        """Wait until it is this picture's turn, then do what `Decoder.clean` does.

        Raises:
            DecodersBusy: too many pictures wait already.
        """
        with self._place(owner) as own_turn, own_turn, self._turn, self._turn_of_this_process():
            return self.decoder.clean(stream, size, limits)

    @contextmanager
    def _place(self, owner: Hashable) -> Iterator[threading.Lock]:
        with self._count:
            if self._there.total() >= self.places or self._there[owner] >= self.for_each:
                raise DecodersBusy
            self._there[owner] += 1
            own_turn = self._turn_of_owner.setdefault(owner, threading.Lock())
        try:
            yield own_turn
        finally:
            with self._count:
                self._there[owner] -= 1
                if not self._there[owner]:
                    del self._there[owner], self._turn_of_owner[owner]

    @contextmanager
    def _turn_of_this_process(self) -> Iterator[None]:
        # The machine's name keeps machines apart that share a disk.
        turn = settings.DATA_DIR / "run" / f"{self.name}-{socket.gethostname()}.turn"
        with turn.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


# Eight threads serve pages, and one owner takes three of them in each lane at most. A small picture
# can take half a second too, and a request may hold twenty.
_small = Lane("small-picture", small=True, places=16, for_each=3)
# Large pictures take half of the eight threads, and the others go on.
_large = Lane("large-picture", small=False, places=4, for_each=3)
atexit.register(_small.decoder.end)
atexit.register(_large.decoder.end)


def clean_apart(stream: Seekable, *, owner: Hashable) -> Cleaned:
    """Check, decode and clean one uploaded file in a separate process.

    Args:
        stream: the file; it is read from its beginning.
        owner: whose it is. One owner cannot take all places.

    Raises:
        InvalidImage: the file is too large, of another format, damaged, animated or too small.
        DecodersBusy: too many pictures wait already.
    """
    limits = Limits.of_the_site()
    size = stream.seek(0, os.SEEK_END)
    limits.check_bytes(size)
    cleaned = _small.clean(stream, size, limits, owner) or _large.clean(stream, size, limits, owner)
    assert cleaned is not None  # only the first lane refuses large pictures
    return cleaned
