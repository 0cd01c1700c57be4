"""Say what the viewer of a picture shows, wherever the picture comes from.

The viewer takes addresses and figures and no rows, so that a page can show pictures that are in no
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from classifier.models import Submission
from classifier.models.observed import Content

#: A scale bar has one of these lengths in millimetres, and at most this share of the width.
BAR_LENGTHS, BAR_SHARE = (0.5, 1, 2, 5, 10, 20, 50, 100), 0.35


class ScaleBar(NamedTuple):
    """Holds a line of a known length, and where it lies in the picture's pixels."""

    millimetres: float
    left: int
    right: int
    bottom: int
    text_size: int

    @property
    def text_bottom(self) -> int:
        return self.bottom - self.text_size // 2


@dataclass(frozen=True)
class Viewer:
    """Holds what is shown of one picture; all places are in the picture's own pixels.

    Attributes:
        image: address of the picture in full size. It is loaded only when somebody zooms in.
        copy: address of a copy of at most 1,600 pixels, or of the picture where it has no more.
        width, height: of the picture in full size.
        description: the picture in words, for those who do not see it.
        name: of the file, or whatever stands below the picture.
        sent_at: when it was sent in.
        heat_map: address of the heat map; empty where there is none.
        heat_inside_percent: how much of the heat lies on the spot.
        outline: corners of the spot's outline; empty where it is not known.
        content: what lies within the plain border around the picture; None without one.
        is_looked_at: whether the network has looked at the picture, so that it can be said what it
            did not see.
        pixels_per_mm: None where the scale is not known.
    """

    image: str
    copy: str
    width: int
    height: int
    description: str
    name: str = ""
    sent_at: datetime | None = None
    heat_map: str = ""
    heat_inside_percent: int | None = None
    outline: Sequence[Sequence[int]] = ()
    content: Content | None = None
    is_looked_at: bool = False
    pixels_per_mm: float | None = None

    @property
    def seen(self) -> Content:
        """Return the square that the network reads."""
        return (self.content or Content(0, 0, self.width, self.height)).centre_square

    @property
    def has_unseen(self) -> bool:
        """Return whether there is something beside that square."""
        return self.is_looked_at and self.seen != Content(0, 0, self.width, self.height)

    @property
    def outline_path(self) -> str:
        """Return the outline as an SVG path."""
        return "M" + "L".join(f"{x} {y}" for x, y in self.outline) + "Z" if self.outline else ""

    @property
    def has_layers(self) -> bool:
        return bool(self.heat_map or self.outline or self.has_unseen)

    @property
    def scale_bar(self) -> ScaleBar | None:
        """Return a bar of a round length, or None where the scale is not known or too large."""
        scale = self.pixels_per_mm
        if not scale:
            return None
        fitting = [length for length in BAR_LENGTHS if length * scale <= BAR_SHARE * self.width]
        if not fitting:
            return None
        text_size = max(1, round(min(self.width, self.height) / 16))
        left = text_size
        return ScaleBar(
            fitting[-1], left, left + round(fitting[-1] * scale), self.height - left, text_size
        )


def view_of(submission: Submission) -> Viewer:
    """Return what the viewer shows of a submission."""
    prediction = submission.prediction if submission.is_done else None
    heat_map = ""
    if prediction and prediction.heat_map:
        heat_map = f"{reverse('result_heat_map', args=[submission.pk])}?of={prediction.pk}"
    return Viewer(
        image=reverse("result_image", args=[submission.pk]),
        copy=reverse("result_copy", args=[submission.pk]),
        width=submission.width,
        height=submission.height,
        description=f"The picture you sent in: {submission.original_name}",
        name=submission.original_name,
        sent_at=submission.created_at,
        heat_map=heat_map,
        heat_inside_percent=prediction.heat_inside_percent if prediction else None,
        outline=prediction.outline or () if prediction else (),
        content=submission.content,
        is_looked_at=submission.is_done or submission.is_rejected,
        pixels_per_mm=submission.pixels_per_mm,
    )
