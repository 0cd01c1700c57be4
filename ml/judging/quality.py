"""This module decides whether a picture can be judged at all, before the network sees it.

Every measure is taken from the centre square at `SIDE` pixels, so that it means the same in a
photograph of twelve megapixels and in a crop. The limits were chosen from what ``python -m ml
quality`` counts, so that no source of dermoscopic pictures loses more than a fiftieth of its own,
and from what ``python -m ml audit`` says of degraded copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from ml.judging.segmentation import LUMA, Segmentation

Array = np.ndarray

#: The square that is measured has this side in pixels.
SIDE = 192
#: Most measures are taken from its middle, which leaves out so many pixels along each edge.
MARGIN = SIDE // 8


class Problem(StrEnum):
    """Names why a picture cannot be judged, in the order in which problems are looked for."""

    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    DARK_CORNERS = "dark_corners"
    LOW_CONTRAST = "low_contrast"
    BLURRED = "blurred"
    NO_LESION = "no_lesion"
    NOT_DERMOSCOPY = "not_dermoscopy"
    CLINICAL_PICTURE = "clinical_picture"


@dataclass(frozen=True)
class Quality:
    """Holds what was measured of one picture.

    Attributes:
        smallest_side: shorter side of the picture as it was sent in, without its frame, in pixels.
        brightest: luma in 0..1 that a twentieth of the middle exceeds.
        burnt: share in 0..1 of pixels with a luma above 0.97.
        surround: share in 0..1 that is the black surround of the optics.
        range: luma in 0..1 between the darkest and the brightest twentieth of the middle.
        fine_detail: structure of 1 to 2 pixels over that of 2 to 4 pixels, each a mean absolute
            difference of Gaussians; it falls when the picture is out of focus.
        edges: structure of 1 to 2 pixels over the standard deviation.
        lesion_contrast: see `ml.judging.segmentation.Segmentation`.
    """

    smallest_side: float
    brightest: float
    burnt: float
    surround: float
    range: float
    fine_detail: float
    edges: float
    lesion_contrast: float


#: Each attribute of `Quality` has a problem, and the lowest or highest value without it.
LOWEST = {
    "smallest_side": (Problem.TOO_SMALL, 100),
    "brightest": (Problem.TOO_DARK, 0.32),
    "range": (Problem.LOW_CONTRAST, 0.045),
    "fine_detail": (Problem.BLURRED, 0.44),
    "edges": (Problem.BLURRED, 0.015),
    "lesion_contrast": (Problem.NO_LESION, 2.3),
}
HIGHEST = {
    "burnt": (Problem.TOO_BRIGHT, 0.3),
    "surround": (Problem.DARK_CORNERS, 0.69),
}

#: A person is told these limits with a problem, by attribute of `Quality`.
TOLD = {Problem.TOO_SMALL: {"smallest_side": LOWEST["smallest_side"][1]}}


def measure(pixels: Array, segmentation: Segmentation, smallest_side: int) -> Quality:
    """Return the measures of one picture.

    Args:
        pixels: ``uint8 (SIDE, SIDE, 3)`` of `ml.judging.preprocessing.to_pixels`.
        segmentation: segmentation of the same pixels.
        smallest_side: shorter side of the picture they were made from.
    """
    luma = pixels @ (LUMA / 255)
    middle = luma[MARGIN:-MARGIN, MARGIN:-MARGIN]
    fine, finer, coarse = blurred(luma)
    detail, structure = (float(np.abs(band).mean()) for band in (fine - finer, finer - coarse))
    darkest, brightest = np.percentile(middle, (5, 95))
    # A picture of one colour has no spread and is not out of focus; other measures catch it.
    spread = max(float(middle.std()), 1e-6)
    return Quality(
        smallest_side=smallest_side,
        brightest=float(brightest),
        burnt=float((luma > 0.97).mean()),
        surround=float(segmentation.surround.mean()),
        range=float(brightest - darkest),
        fine_detail=detail / max(structure, 1e-6),
        edges=detail / spread,
        lesion_contrast=segmentation.contrast,
    )


def blurred(luma: Array) -> Array:
    """Return the middle of ``luma`` blurred by 1, 2 and 4 pixels, ``float32 (3, m, m)``.

    These are the standard deviations of Gaussians.

    Args:
        luma: ``float32 (SIDE, SIDE)``; what is within `MARGIN` of its edge is not in the middle.
    """
    beyond = MARGIN - _REACH
    across = _blurred_down(luma[beyond:-beyond]).swapaxes(1, 2)
    return _blurred_down(np.ascontiguousarray(across[:, beyond:-beyond])).swapaxes(1, 2)


def _blurred_down(pixels: Array) -> Array:
    """Return the Gaussians of every column without its ends, ``float32 (3, h - 2 reach, w)``.

    They are products of matrices, which make `_BLOCK` rows at a time from those and their
    neighbours. BLAS computes such small products in the thread that asks. For larger ones it would
    start threads of its own.
    """
    windows = sliding_window_view(pixels, _BLOCK + 2 * _REACH, axis=-2)[..., ::_BLOCK, :, :]
    found = np.matmul(_KERNELS[:, None], windows.swapaxes(-1, -2))
    return found.reshape(len(_KERNELS), -1, pixels.shape[-1])


#: The widest Gaussian sees so many pixels to either side, and so many rows are blurred at a time.
_REACH, _BLOCK = 16, 8
_SPIKE = np.eye(1, 2 * _REACH + 1, _REACH)[0]
#: Row r of each kernel sees the window r pixels further down.
_KERNELS = np.array(
    [
        [
            np.pad(ndimage.gaussian_filter1d(_SPIKE, sigma), (row, _BLOCK - 1 - row))
            for row in range(_BLOCK)
        ]
        for sigma in (1, 2, 4)
    ],
    np.float32,
)


def problem(quality: Quality) -> Problem | None:
    """Return the first of the problems that the picture has, in the order of `Problem`."""
    found = {
        name for attribute, (name, lowest) in LOWEST.items() if getattr(quality, attribute) < lowest
    } | {
        name
        for attribute, (name, highest) in HIGHEST.items()
        if getattr(quality, attribute) > highest
    }
    return next((name for name in Problem if name in found), None)
