"""A classical segmentation finds the lesion without training, and can say that it failed.

Skin is the median colour of a ring along the edge of the picture. The lesion is what differs from
it: the CIELAB distance to the skin is divided in two by Otsu's threshold ("A threshold selection
method from gray-level histograms", IEEE Trans. SMC 1979), and the part with the most weight near
the middle is kept, smoothed and filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from ml.judging.morphology import eroded, filled, opened

Array = np.ndarray

#: The smoothing before the threshold, and the opening after it, are these shares of the side.
SMOOTHING, OPENING = 0.01, 0.02
#: Skin is looked for in a ring of this width, as a share of the side.
RING = 0.08
#: Pixels with a luma below this that are connected to a corner are the surround of the optics, not
#: skin.
BLACK = 0.16
BINS = 128
#: An outline is measured only within these limits. They were chosen by eye on outlines drawn over
#: validation pictures, where outlines beyond them were mostly of hair, glare or the surround.
CLEAR_CONTRAST, CLEAR_SEPARABILITY, CLEAR_ON_EDGE, CLEAR_AREA = 9.0, 0.65, 0.1, (0.01, 0.7)


@dataclass(frozen=True)
class Segmentation:
    """Says where the lesion in a square picture is.

    Attributes:
        mask: ``bool (n, n)``, True within the lesion.
        surround: ``bool (n, n)``, True in the black corners of round optics.
        contrast: mean CIELAB distance of the lesion's pixels to the skin, less that of the other
            pixels; 0 where no lesion was found.
        separability: share in 0..1 of the distance's variance that the two parts explain (Otsu's
            eta).
        on_edge: share in 0..1 of the lesion's outline that lies on the edge of the picture or in
            the surround.
    """

    mask: Array
    surround: Array
    contrast: float
    separability: float
    on_edge: float

    @property
    def is_clear(self) -> bool:
        """Tell whether the outline can be believed enough to measure it."""
        return (
            self.contrast >= CLEAR_CONTRAST
            and self.separability >= CLEAR_SEPARABILITY
            and self.on_edge <= CLEAR_ON_EDGE
            and CLEAR_AREA[0] <= self.area <= CLEAR_AREA[1]
        )

    @property
    def area(self) -> float:
        """Return the share in 0..1 that the lesion has of what is not surround."""
        return float(self.mask.sum() / max(1, (~self.surround).sum()))


def segment(pixels: Array) -> Segmentation:
    """Return where the lesion is.

    Args:
        pixels: ``uint8 (n, n, 3)`` sRGB, see `preprocessing.to_pixels`. A side of 128 to 256 is
            best.
    """
    side = len(pixels)
    smooth = ndimage.gaussian_filter(
        pixels.astype(np.float32), (SMOOTHING * side, SMOOTHING * side, 0)
    )
    surround = dark_surround(smooth)
    field = ~surround
    ring = field & ~eroded(field, max(1, round(RING * side)))
    if not ring.any():
        return Segmentation(np.zeros_like(field), surround, 0.0, 0.0, 0.0)
    lab = to_lab(smooth)
    skin = np.median(np.ascontiguousarray(lab[ring].T), axis=1)
    difference = lab - skin
    # To be brighter than skin does not count: that is glare, or the middle of a picture with dim
    # edges.
    difference[..., 0] = np.minimum(difference[..., 0], 0)
    distance = np.sqrt(np.einsum("...c,...c", difference, difference))
    threshold, separability = otsu(distance[field])
    found = opened((distance > threshold) & field, max(1, round(OPENING * side / 2)))
    mask = filled(_central_part(found))
    if not mask.any():
        return Segmentation(mask, surround, 0.0, separability, 0.0)
    outside = field & ~mask
    contrast = float(distance[mask].mean() - (distance[outside].mean() if outside.any() else 0))
    return Segmentation(mask, surround, contrast, separability, _on_edge(mask, field))


def dark_surround(pixels: Array) -> Array:
    """Return which pixels are black and connected to a corner, ``bool (n, n)``.

    Args:
        pixels: ``(n, n, 3)`` in 0..255.
    """
    dark = pixels @ LUMA < 255 * BLACK
    if not (dark[0, 0] or dark[0, -1] or dark[-1, 0] or dark[-1, -1]):
        return np.zeros_like(dark)
    labels, _ = ndimage.label(dark)
    corners = {int(labels[y, x]) for y in (0, -1) for x in (0, -1)} - {0}
    return np.isin(labels, list(corners))


#: Red, green and blue have these weights in luma (ITU-R BT.709).
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def to_lab(pixels: Array) -> Array:
    """Return sRGB in 0..255 as CIELAB for the white point D65 (CIE 15; IEC 61966-2-1).

    Args:
        pixels: ``(..., 3)``.

    Returns:
        ``float32 (..., 3)``: L* in 0..100, a* and b*.
    """
    xyz = _LINEAR[np.clip(pixels, 0, 255).astype(np.uint8)] @ _TO_XYZ
    # This is the cube root, because NumPy's own is four times as slow as these two functions.
    root = np.exp(np.log(np.maximum(xyz, _SMALLEST)) * np.float32(1 / 3))
    curved = np.where(xyz > 216 / 24389, root, (24389 / 27 * xyz + 16) / 116)
    return curved @ _TO_LAB - _LAB_OFFSET


_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92).astype(
    np.float32
)
_SMALLEST = np.float32(1e-6)
#: This matrix turns the curved XYZ into L*, a* and b*, before 16 is taken from L*.
_TO_LAB = np.array([[0, 500, 0], [116, -500, 200], [0, 0, -200]], np.float32)
_LAB_OFFSET = np.array([16, 0, 0], np.float32)
#: This matrix turns linear sRGB into XYZ relative to D65.
_TO_XYZ = (
    np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    / np.array([[0.95047], [1.0], [1.08883]])
).T.astype(np.float32)


def otsu(values: Array) -> tuple[float, float]:
    """Return the threshold that parts ``values`` best, and the share of variance it explains."""
    lowest, highest = float(values.min()), float(values.max())
    width = (highest - lowest) / BINS or 1 / BINS
    edges = lowest + width * np.arange(BINS + 1)
    # This counts as `numpy.histogram` does, without its care about values on an edge, which takes
    # longer.
    places = ((values - lowest) * np.float32(1 / width)).astype(np.intp)
    counts = np.bincount(np.minimum(places, BINS - 1), minlength=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = below[-1] + counts[-1] - below
    sums = np.cumsum(counts * middles)
    total = sums[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums[:-1] / below - (total - sums[:-1]) / above
    between = np.nan_to_num(below * above * gap**2) / len(values) ** 2
    best = int(between.argmax())
    variance = float(values.var())
    return float(edges[best + 1]), float(min(1, between[best] / variance)) if variance else 0.0


def _central_part(found: Array) -> Array:
    """Return the connected part that weighs most; a pixel nearer to the middle weighs more."""
    labels, number = ndimage.label(found)
    if not number:
        return found
    weights = np.bincount(labels.ravel(), _nearness(len(found)).ravel())[1:]
    return labels == 1 + int(np.argmax(weights))


@lru_cache
def _nearness(side: int) -> Array:
    along = (np.arange(side) + 0.5) / side - 0.5
    return np.exp(-(along[:, None] ** 2 + along**2) / (2 * 0.25**2))


def _on_edge(mask: Array, field: Array) -> float:
    """Return the share of the outline that lies where the picture or its lit field ends."""
    outline = mask & ~eroded(mask)
    ends = ~eroded(field, 2)
    return float((outline & ends).sum() / outline.sum())
