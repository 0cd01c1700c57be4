"""A frame is what lies within the plain border of a slide, a screenshot or a letterbox.

Other things are plain along an edge too, but a border ends at once, on a straight line along nearly
the whole side. The round black surround of a dermoscope ends in an arc, a vignette fades, and skin
around a lesion ends at no line. All of these are part of the picture and stay.

Lines are looked at in a small copy that keeps single pixels, so that a photograph of a phone costs
no more than a small picture. Every line is read only at the edges that are found in the copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

Array = np.ndarray

#: The copy that is looked at has a longer side of so many pixels.
SIDE = 128
#: A line is plain if this share of its pixels differs from the border's colour by at most
#: `NOISE` levels in every channel. JPEG changes pixels by so much.
PLAIN, NOISE = 0.98, 12
#: Behind the border, this share of a line differs from the border's colour by more than `STEP`
#: levels.
OTHER, STEP = 0.8, 24
#: The edge of a border is at most so wide, as a share of the copy's longer side. It has a width
#: because a slide may lie askew, and JPEG smears.
EDGE = 0.02
#: Within the edge, some line differs from the border by this share of what any line up to three
#: times as far differs. In a vignette none does.
SUDDEN = 0.5
#: A border has at least so many lines of the copy, because fewer would change nothing.
LEAST_LINES = 2
#: Each side of what remains of a picture is at least this share of the whole, and so many pixels.
REMAINS, REMAINING_PIXELS = 0.25, 64
#: So many borders around one another are looked for, as a screenshot may show a letterbox.
NESTED = 3

#: Each side of a picture is the number of quarter turns that bring it to the top.
TOP, RIGHT, BOTTOM, LEFT = SIDES = range(4)


class Box(NamedTuple):
    """Holds a part of a picture in its own pixels; ``right`` and ``bottom`` lie just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""
        return self.right - self.left, self.bottom - self.top

    def without(self, lines: Sequence[int]) -> Box:
        """Return what is left without so many lines at each of `SIDES`."""
        return Box(
            self.left + lines[LEFT],
            self.top + lines[TOP],
            self.right - lines[RIGHT],
            self.bottom - lines[BOTTOM],
        )


class _Edge(NamedTuple):
    """Says at which lines from its side a border ends: the last plain one, the first behind it."""

    plain: int
    behind: int


def find_frame(image: Image.Image) -> Box | None:
    """Return the part of a picture within its border, or None where it has no border.

    Args:
        image: decoded picture with 8 bits a channel.
    """
    whole = found = Box(0, 0, *image.size)
    for _ in range(NESTED):
        inner = _without_border(image, found)
        if inner is None or not _is_enough(inner, whole):
            break
        found = inner
    return None if found == whole else found


def _is_enough(inner: Box, whole: Box) -> bool:
    return all(
        part >= max(REMAINS * side, REMAINING_PIXELS)
        for part, side in zip(inner.size, whole.size, strict=True)
    )


def _without_border(image: Image.Image, box: Box) -> Box | None:
    """Return ``box`` without its outermost border, or None where it has none."""
    scale = max(1.0, max(box.size) / SIDE)
    width, height = box.size
    columns, rows = (max(1, round(side / scale)) for side in box.size)
    edges = _find_edges(_read(image, box, columns, rows))
    if not edges:
        return None
    steps = (height / rows, width / columns) * 2
    behind, cut = [0] * len(SIDES), [0] * len(SIDES)
    for side, edge in edges.items():
        behind[side] = _nearest(edge.behind, steps[side])
    for side, edge in edges.items():
        first = _nearest(edge.plain, steps[side])
        cut[side] = first + _first_behind(_read_lines(image, box, behind, side, first))
    return box.without(cut)


def _nearest(line: int, step: float) -> int:
    """Return which line of the picture a line of the copy is."""
    return int((line + 0.5) * step)


def _read_lines(
    image: Image.Image, box: Box, behind: Sequence[int], side: int, first: int
) -> Array:
    """Return the lines at a side from ``first`` to the one behind the edge, turned to the top."""
    sideways = side in (LEFT, RIGHT)
    beyond = list(behind)
    beyond[side] = first
    beyond[(side + 2) % 4] = box.size[not sideways] - behind[side] - 1
    strip = box.without(beyond)
    columns, rows = strip.size
    pixels = (
        _read(image, strip, columns, min(SIDE, rows))
        if sideways
        else _read(image, strip, min(SIDE, columns), rows)
    )
    return _turned(pixels, side)


def _read(image: Image.Image, box: Box, columns: int, rows: int) -> Array:
    """Return single pixels of a part of the picture, ``int16 (3, rows, columns)``."""
    part = image.resize((columns, rows), Image.Resampling.NEAREST, box)
    pixels = np.asarray(part if part.mode == "RGB" else part.convert("RGB"))
    return pixels.transpose(2, 0, 1).astype(np.int16, order="C")


def _turned(pixels: Array, side: int) -> Array:
    """Return ``pixels`` with ``side`` at the top."""
    return np.rot90(pixels, side, (1, 2))


def _find_edges(pixels: Array) -> dict[int, _Edge]:
    """Return where the border ends at each side that it has."""
    sides = set(SIDES)
    while True:
        widths = _plain_widths(pixels, sides)
        edges = {side: _find_edge(pixels, widths, side) for side in sides if widths[side]}
        clear = {side: edge for side, edge in edges.items() if edge}
        if len(clear) == len(edges):
            return clear
        # Where a side proved to have no border, lines at the others get longer, and may not be
        # plain.
        sides -= edges.keys() - clear.keys()


def _plain_widths(pixels: Array, sides: set[int]) -> list[int]:
    """Return how many plain lines each of ``sides`` has, and 0 for every other side."""
    widths = [0] * len(SIDES)
    grown = True
    while grown:
        grown = False
        for side in sides:
            lines, colour = _within(pixels, widths, side), _colour(pixels, side)
            # Most pictures have no plain line at all, and their first line already tells so.
            if lines.size and _is_plain(lines[:, :1], colour).all():
                plain = _is_plain(lines, colour)
                widths[side] += len(plain) if plain.all() else int(plain.argmin())
                grown = True
    return [width if width >= LEAST_LINES else 0 for width in widths]


def _find_edge(pixels: Array, widths: Sequence[int], side: int) -> _Edge | None:
    """Return where the plain lines at a side end, or None where they do not end at once."""
    reach = 1 + round(EDGE * max(pixels.shape))
    lines = _within(pixels, widths, side)[:, : 3 * reach]
    if not lines.size:
        return None
    difference = _difference(lines, _colour(pixels, side))
    other = (difference[:reach] > STEP).mean(1) >= OTHER
    depth = np.median(difference, axis=1)
    if not other.any() or depth[:reach].max() < SUDDEN * depth.max():
        return None
    return _Edge(widths[side] - 1, widths[side] + int(other.argmax()))


def _within(pixels: Array, widths: Sequence[int], side: int) -> Array:
    """Return what lies within all ``widths``, with ``side`` at the top."""
    turned = _turned(pixels, side)
    left, top, right, bottom = (widths[(side + turns) % 4] for turns in (3, 0, 1, 2))
    return turned[:, top : turned.shape[1] - bottom, left : turned.shape[2] - right]


def _colour(pixels: Array, side: int) -> Array:
    """Return the median colour of the outermost line at a side, ``(3, 1, 1)``."""
    return np.median(_turned(pixels, side)[:, :1], axis=2, keepdims=True).astype(np.int16)


def _is_plain(lines: Array, colour: Array) -> Array:
    return (_difference(lines, colour) <= NOISE).mean(1) >= PLAIN


def _difference(lines: Array, colour: Array) -> Array:
    """Return how far each pixel is from a colour, in the channel that differs most."""
    return np.abs(lines - colour).max(0)


def _first_behind(lines: Array) -> int:
    """Return the first of ``lines`` that is as unlike the first one as the last one is."""
    difference = _difference(lines, _colour(lines, TOP))
    # An edge that JPEG or scaling smeared has its middle half way.
    other = (difference >= np.maximum(STEP, difference[-1] / 2)).mean(1)
    return int((other >= OTHER * other[-1]).argmax())
