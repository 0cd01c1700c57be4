from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.measuring.perturbations import PERTURBATIONS, low_resolution, mask_corners
from tests.lesions import render


def test_corners_are_black_and_the_middle_stays():
    image = render(1, (120, 90))
    masked = np.asarray(mask_corners(image))
    assert masked.shape == (90, 90, 3)
    assert not masked[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    original = np.asarray(image.crop((15, 0, 105, 90)))
    assert np.array_equal(masked[20:70, 20:70], original[20:70, 20:70])


def test_a_sharp_picture_becomes_as_small_as_the_smallest():
    assert low_resolution(render(1, (600, 450))).size == (150, 150)


def test_a_small_picture_stays_as_it_is():
    image = render(1, (120, 90))
    assert np.array_equal(low_resolution(image), image.crop((15, 0, 105, 90)))


@pytest.mark.parametrize("change", PERTURBATIONS.values())
@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_every_mode_can_be_changed(change, mode):
    assert change(Image.new(mode, (30, 20))).mode == "RGB"
