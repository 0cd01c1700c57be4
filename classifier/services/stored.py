"""Read the pictures of submissions. Not for the web process."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from PIL import Image

from classifier.models import Submission
from classifier.uploads import InvalidImage
from ml.parallel import each

UNREADABLE = "The stored picture can no longer be read. Please upload it again."


def read(submissions: Sequence[Submission]) -> list[Image.Image | InvalidImage]:
    """Return the stored picture of each, or why there is none: it is gone or damaged."""
    return each(_read, submissions, settings.INFERENCE_THREADS)


def _read(submission: Submission) -> Image.Image | InvalidImage:
    try:
        with submission.image.open("rb") as stream, Image.open(stream) as image:
            return image.convert("RGB")
    except (FileNotFoundError, Image.UnidentifiedImageError) as error:
        unreadable = InvalidImage("unreadable", UNREADABLE)
        unreadable.__cause__ = error
        return unreadable
