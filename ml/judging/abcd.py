"""This module measures a lesion: its asymmetry, border, colours and diameter.

It puts the ABCD rule of dermoscopy (Stolz et al., "ABCD rule of dermatoscopy", European Journal of
Dermatology 1994) in numbers. They describe the picture, and take no part in the network's answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ml.judging.morphology import eroded
from ml.judging.segmentation import Segmentation, to_lab

Array = np.ndarray

#: The rule has six colours. The sRGB values that stand for them are ours, in the manner of
#: automatic versions of the rule (Kasmi & Mokrani, "Classification of malignant melanoma and benign
#: skin lesions: implementation of automatic ABCD rule", IET Image Processing 2016).
COLOURS = {
    "white": (255, 255, 255),
    "red": (204, 51, 51),
    "light brown": (153, 102, 0),
    "dark brown": (51, 0, 0),
    "blue-grey": (51, 153, 153),
    "black": (0, 0, 0),
}
#: A colour counts if it covers at least this share of the lesion; less is hair, glare or a seam.
COLOUR_SHARE = 0.05
#: The diameter is looked for in so many directions over half a turn.
DIRECTIONS = 36


@dataclass(frozen=True)
class Abcd:
    """Holds the measures of one lesion.

    Attributes:
        asymmetry: share in 0..1 of the lesion's area that has no mirror image, for the axis of its
            greatest and of its least extent. It is half of what the lesion and its mirror image do
            not have in common, over the lesion's area.
        border: perimeter squared over 4 pi area: 1 for a circle, more for a ragged outline
            (Golston, Stoecker & Moss, "Automatic detection of irregular borders in melanoma and
            other skin tumors", 1992).
        colours: those of `COLOURS` that at least 5 % of the lesion's pixels are nearest to.
        diameter: largest distance between two parallel lines that hold the lesion, in pixels of
            the picture as it was sent in.
    """

    asymmetry: tuple[float, float]
    border: float
    colours: tuple[str, ...]
    diameter: float


def measure(pixels: Array, segmentation: Segmentation, smallest_side: int) -> Abcd | None:
    """Return the measures of a lesion, or None where its outline is not clear.

    Args:
        pixels: ``uint8 (n, n, 3)``, the centre square.
        segmentation: segmentation of the same pixels.
        smallest_side: shorter side of the picture as it was sent in, without its frame. Lengths in
            the square are scaled to it.
    """
    if not segmentation.is_clear:
        return None
    mask = segmentation.mask
    return Abcd(
        asymmetry(mask),
        perimeter(mask) ** 2 / (4 * np.pi * float(mask.sum())),
        colours(pixels[mask]),
        diameter(mask) * smallest_side / len(mask),
    )


def asymmetry(mask: Array) -> tuple[float, float]:
    """Return the asymmetry about both principal axes of ``mask`` ``bool (n, n)``, see `Abcd`."""
    points = np.argwhere(mask).astype(float)
    centre = points.mean(0)
    _, axes = np.linalg.eigh(np.cov((points - centre).T))
    # The columns of `axes` are the directions of the least extent and then of the greatest.
    middle = (np.array(mask.shape) - 1) / 2
    # No pixel of the lesion is further from the middle than this.
    reach = np.abs((points - centre) @ axes).max() + 1
    corner = max(0, int(middle.min() - reach))
    upright = ndimage.affine_transform(
        mask.astype(np.float32),
        axes,
        offset=centre - axes @ (middle - corner),
        output_shape=np.array(mask.shape) - 2 * corner,
        order=1,
    )
    area = upright.sum()
    about = [float(np.abs(upright - upright[flip]).sum() / (2 * area)) for flip in _FLIPS]
    return min(1.0, about[0]), min(1.0, about[1])


#: To mirror about the axis of the greatest extent is to turn the first coordinate round.
_FLIPS = (np.s_[::-1], np.s_[:, ::-1])


def perimeter(mask: Array) -> float:
    """Return the length of the outline of ``mask`` ``bool (n, n)`` in pixels.

    Crofton's formula computes it from how often lines in four directions cross it. To count pixels
    would give a bias by direction, which this does not have (Legland, Kiêu & Devaux,
    "Computation of Minkowski measures on 2D and 3D binary images", Image Analysis & Stereology
    2007).
    """
    padded = np.pad(mask, 1)
    straight = (padded[1:] ^ padded[:-1]).sum() + (padded[:, 1:] ^ padded[:, :-1]).sum()
    diagonal = (padded[1:, 1:] ^ padded[:-1, :-1]).sum() + (padded[1:, :-1] ^ padded[:-1, 1:]).sum()
    return float(np.pi / 8 * (straight + diagonal / np.sqrt(2)))


def colours(pixels: Array) -> tuple[str, ...]:
    """Return the names of the colours that enough of ``pixels`` ``uint8 (n, 3)`` are nearest to."""
    # These are the squared distances without the term that is the same for all references.
    distances = (_REFERENCES**2).sum(-1) - 2 * to_lab(pixels) @ _REFERENCES.T
    shares = np.bincount(distances.argmin(1), minlength=len(COLOURS)) / len(pixels)
    return tuple(name for name, share in zip(COLOURS, shares, strict=True) if share >= COLOUR_SHARE)


_REFERENCES = to_lab(np.array(list(COLOURS.values()), np.uint8))


def diameter(mask: Array) -> float:
    """Return the largest extent of ``mask`` ``bool (n, n)`` in any direction, in pixels."""
    outline = np.argwhere(mask & ~eroded(mask))
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    along = outline @ np.stack([np.cos(angles), np.sin(angles)])
    # The extent goes from the outer edge of one pixel to that of the other, hence the 1.
    return float(np.ptp(along, axis=0).max() + 1)
