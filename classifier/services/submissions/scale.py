"""Keep the scale of a picture, from two points on something of a known length in it."""

from __future__ import annotations

import math
from typing import NamedTuple

from django.core.exceptions import PermissionDenied

from classifier.models import Submission, User

#: A picture has at least and at most so many pixels a millimetre.
SCALE_LIMITS = (1, 1000)
#: Points that lie nearer together, in pixels, would give a scale by chance.
LEAST_DISTANCE = 20


class Point(NamedTuple):
    """Holds a place in a picture as it is kept, in its pixels."""

    x: float
    y: float


class ScaleRefused(ValueError):
    """The points give no scale. The message tells a person why."""


def set_scale(
    submission: Submission, *, owner: User, points: tuple[Point, Point], millimetres: float
) -> float:
    """Keep how many pixels a millimetre has in a picture, and return it.

    Args:
        submission: whose picture it is.
        owner: who sent it in.
        points: both ends of something in the picture as it is kept, which may be smaller than the
            picture that was sent in.
        millimetres: how far apart they are on the skin, more than 0.

    Raises:
        PermissionDenied: ``owner`` did not send it in.
        ScaleRefused: the points are not in the picture, too near together, or make no sense.
    """
    if submission.owner_id != owner.pk:
        raise PermissionDenied("Only who sent a picture in may set its scale.")
    if not all(0 <= x <= submission.width and 0 <= y <= submission.height for x, y in points):
        raise ScaleRefused("Both points must lie in the picture.")
    distance = math.dist(*points)
    if distance < LEAST_DISTANCE:
        raise ScaleRefused("The points are too near together. Set them further apart.")
    scale = distance / millimetres
    least, most = SCALE_LIMITS
    if not least <= scale <= most:
        raise ScaleRefused(
            f"This would be {scale:.3g} pixels a millimetre. It must be {least} to {most}."
        )
    Submission.objects.filter(pk=submission.pk).update(pixels_per_mm=scale)
    submission.pixels_per_mm = scale
    return scale
