"""Draw the outline of a lesion as a polygon with few corners."""

from __future__ import annotations

import numpy as np

from ml.judging.frames import Box

Array = np.ndarray

#: The polygon leaves no pixel edge of the mask further aside than this many of the mask's pixels.
TOLERANCE = 0.75
#: From one corner of a pixel to the next, clockwise, as x and y. The lesion lies to the right.
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
RIGHT_TURN, STRAIGHT_ON, LEFT_TURN = 1, 0, 3


def draw_outline(mask: Array, box: Box) -> tuple[tuple[int, int], ...]:
    """Return the corners of a polygon around the lesion, as x and y in the picture's pixels.

    Args:
        mask: ``bool (n, n)`` of the centre square of ``box``, True within the lesion. It is one
            part without holes.
        box: what was looked at of the picture.
    """
    width, height = box.size
    side = min(width, height)
    scale = side / len(mask)
    origin = (box.left + (width - side) // 2, box.top + (height - side) // 2)
    corners = np.rint(_simplified(_followed(mask)) * scale + origin).astype(int)
    return tuple((x, y) for x, y in corners.tolist())


def _followed(mask: Array) -> Array:
    """Return the middles of all pixel edges between the lesion and the rest, in their order."""
    framed = np.pad(mask, 1)
    y, x = (int(first) for first in np.argwhere(mask)[0])
    start = place = (x, y)
    heading = 0
    middles = []
    while True:
        across, down = STEPS[heading]
        middles.append((place[0] + across / 2, place[1] + down / 2))
        place = (place[0] + across, place[1] + down)
        if place == start:
            return np.array(middles)
        # At a corner where two pixels touch, the right turn stays with the pixel it has followed.
        heading = next(
            (heading + turn) % 4
            for turn in (RIGHT_TURN, STRAIGHT_ON, LEFT_TURN)
            if _is_edge(framed, place, (heading + turn) % 4)
        )


def _is_edge(framed: Array, place: tuple[int, int], heading: int) -> bool:
    """Return whether the step from a corner has the lesion on its right, and not on its left."""
    across, down = STEPS[heading]
    # The pixel to the right of the step, and the one to its left, have these places in `framed`.
    right = (place[0] + (across - down + 1) // 2, place[1] + (across + down + 1) // 2)
    left = (place[0] + (across + down + 1) // 2, place[1] + (down - across + 1) // 2)
    return bool(framed[right[1], right[0]] and not framed[left[1], left[0]])


def _simplified(points: Array) -> Array:
    """Return the closed line with few corners, after Douglas and Peucker (Cartographica 1973)."""
    opposite = int(np.hypot(*(points - points[0]).T).argmax())
    closed = np.vstack([points, points[:1]])
    kept = {0, opposite}
    parts = [(0, opposite), (opposite, len(points))]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        along = closed[last] - closed[first]
        aside = closed[first + 1 : last] - closed[first]
        length = np.hypot(*along)
        # Where a part ends where it began, what counts is how far a point is from there.
        distance = (
            np.abs(along[0] * aside[:, 1] - along[1] * aside[:, 0]) / length
            if length
            else np.hypot(*aside.T)
        )
        if distance.max() > TOLERANCE:
            furthest = first + 1 + int(distance.argmax())
            kept.add(furthest)
            parts += [(first, furthest), (furthest, last)]
    return points[sorted(kept)]
