"""Read the pictures of submissions. The web process never does."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from PIL import Image

from classifier.models import Submission
from ml.judging.parallel import map_in_threads

#: Pillow raises these for files that are damaged, cut short or no pictures.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error)


@dataclass(frozen=True)
class Unreadable:
    """Stands for a stored picture that is gone or damaged, as ``error`` says."""

    error: Exception


def read_stored_pictures(submissions: Sequence[Submission]) -> list[Image.Image | Unreadable]:
    """Return the stored picture of each, or `Unreadable` where it is gone or damaged."""
    return map_in_threads(_read, submissions, settings.INFERENCE_THREADS)


def _read(submission: Submission) -> Image.Image | Unreadable:
    try:
        with submission.image.open("rb") as stream:
            content = io.BytesIO(stream.read())
    except FileNotFoundError as error:
        return Unreadable(error)
    # The file has been read as a whole, so from here on any error is the picture's and not the
    # storage's.
    try:
        with Image.open(content) as image:
            image.load()
            # A copy of a large picture would need the same memory once more.
            return image if image.mode == "RGB" else image.convert("RGB")
    except DAMAGE as error:
        return Unreadable(error)
