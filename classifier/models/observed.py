"""Describe what an analysis says of every picture, even of one that it rejects.

What a network says of a picture that it judges is a `classifier.models.result.Result`. Nothing else
describes the fields: recording, the export and ``manage.py analyse --json`` take names, order and
meaning from these two.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import models


class ImageType(models.TextChoices):
    """Says how a picture was taken."""

    DERMOSCOPIC = "dermoscopic", "Through a dermoscope"
    CLINICAL = "clinical", "Ordinary photograph"
    OTHER = "other", "Something else"

    __empty__ = "Not known"


class Content(NamedTuple):
    """Holds the part of a picture within a plain border, in the picture's own pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def centre_square(self) -> Content:
        """Return the largest square around the middle, which is all that a network reads."""
        side = min(self.width, self.height)
        left = self.left + (self.width - side) // 2
        top = self.top + (self.height - side) // 2
        return Content(left, top, left + side, top + side)


#: The `Submission` keeps these of what an analysis says of every picture.
OBSERVED_FIELDS = ("image_type", "frame")
