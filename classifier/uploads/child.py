"""Decode pictures in a separate process, one after the other, for the site that started it.

The process knows nothing of the site. It is given a picture and the limits, and answers with a
clean picture or with what is wrong. A decoder that crashes, or that eats memory or time, ends this
process and nothing else. ``python -m classifier.uploads.child small`` decodes only small pictures.

A message is a length, a JSON object of that length, and the bytes that the object announces.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from typing import IO, Any

from classifier.uploads.clean import NotSmall, clean_image
from classifier.uploads.limits import LARGEST_NEED, MIB, SMALL_NEED, Limits
from classifier.uploads.refusals import InvalidImage

#: One picture may take this many seconds of a processor.
SECONDS = 20
#: The process ends after this many seconds without a picture.
IDLE = 60
#: The program itself has this many bytes when it is ready. The need of a picture leaves them out.
OWN = 32 * MIB
LENGTH = struct.Struct(">I")


def send(stream: IO[bytes], message: dict[str, Any], *contents: bytes) -> None:
    """Write a message and the bytes that it announces."""
    head = json.dumps(message).encode()
    stream.write(LENGTH.pack(len(head)) + head)
    for content in contents:
        stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read a message, which is None where the process that writes them has ended."""
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    head = stream.read(*LENGTH.unpack(length))
    return json.loads(head) if len(head) == LENGTH.unpack(length)[0] else None


def main(small: bool) -> None:
    # Ctrl-C reaches all processes of a terminal. This one ignores it and ends after the site has.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(OWN + (SMALL_NEED if small else LARGEST_NEED))
    # The pipe is unbuffered, since select would not see bytes that are already in a buffer.
    asked, answers = os.fdopen(0, "rb", buffering=0), sys.stdout.buffer
    while select.select([asked], [], [], IDLE)[0]:
        exact = _Exact(asked)
        message = receive(exact)  # type: ignore[arg-type]
        if message is None:
            return
        _allow_seconds(SECONDS)
        began = time.process_time()
        answer, contents = _answer(exact.read(message["bytes"]), message, small)
        send(answers, answer | {"seconds": time.process_time() - began}, *contents)


class _Exact:
    """Reads as many bytes as are asked for, from a pipe that gives fewer at a time."""

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size and (more := self.pipe.read(min(size - len(found), MIB))):
            found += more
        return bytes(found)


def _answer(
    data: bytes, message: dict[str, Any], small: bool
) -> tuple[dict[str, Any], list[bytes]]:
    try:
        clean = clean_image(data, Limits(**message["limits"]), small=small)
    except InvalidImage as refused:
        return {"refused": refused.reason, "sentence": str(refused)}, []
    except NotSmall:
        return {"not_small": True}, []
    contents = [clean.content, clean.copy, clean.thumbnail]
    width, height = clean.image.size
    return {
        "width": width,
        "height": height,
        "scale": clean.scale,
        "extension": clean.extension,
        "bytes": [len(content) for content in contents],
    }, contents


def _limit_memory(memory: int) -> None:
    """Have the system refuse more memory than this, where it can."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _allow_seconds(seconds: int) -> None:
    """Have the system end this process after so many more seconds of a processor, where it can."""
    with contextlib.suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, most))


if __name__ == "__main__":
    main(sys.argv[1:] == ["small"])
