from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ml.judging.morphology import dilated, eroded, filled, opened


@pytest.fixture(params=[(1, 1), (2, 9), (40, 40), (31, 17)])
def masks(request):
    random = np.random.default_rng(0)
    shares = (0.0, 0.3, 0.6, 0.9, 1.0)
    return [random.random(request.param) < share for share in shares]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_it_is_what_scipy_makes_of_it(masks, times):
    for mask in masks:
        kept = mask.copy()
        assert np.array_equal(eroded(mask, times), ndimage.binary_erosion(mask, None, times))
        assert np.array_equal(dilated(mask, times), ndimage.binary_dilation(mask, None, times))
        assert np.array_equal(opened(mask, times), ndimage.binary_opening(mask, None, times))
        assert np.array_equal(mask, kept)


def test_holes_are_filled_as_scipy_fills_them(masks):
    for mask in masks:
        assert np.array_equal(filled(mask), ndimage.binary_fill_holes(mask))
