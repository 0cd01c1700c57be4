from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.errors import InputError
from ml.judging.preprocessing import centre_square, symmetries, to_pixels
from tests.lesions import render


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((640, 480), (80, 0, 560, 480)),
        ((480, 640), (0, 80, 480, 560)),
        ((7, 4), (1, 0, 5, 4)),
        ((5, 5), (0, 0, 5, 5)),
        ((1, 900), (0, 449, 1, 450)),
    ],
)
def test_the_centre_square_is_as_large_as_fits(size, box):
    picture = render(1, size)
    assert np.array_equal(centre_square(picture), picture.crop(box))


def test_only_the_centre_square_is_seen():
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, 30:70] = (10, 20, 30)
    assert (to_pixels(Image.fromarray(pixels), 8) == (10, 20, 30)).all()


def test_a_picture_of_the_right_size_is_not_changed():
    picture = render(3, (224, 224))
    assert np.array_equal(to_pixels(picture, 224), np.asarray(picture))


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(to_pixels(Image.fromarray(stripes), 8)[2:-2, 2:-2].astype(int) - 127).max() <= 2


def test_a_large_photograph_gives_the_same_as_without_the_short_cut():
    photograph = render(4, (2400, 1800))
    exact = photograph.crop((300, 0, 2100, 1800)).resize((64, 64), Image.Resampling.BICUBIC)
    difference = np.abs(to_pixels(photograph, 64).astype(int) - np.asarray(exact))
    assert difference.max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (499, 2), (225, 223), (37, 91)])
def test_any_size_becomes_the_input_size(size):
    pixels = to_pixels(render(1, size), 32)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "YCbCr", "HSV", "1"])
def test_every_8_bit_mode_is_read_as_rgb(mode):
    picture = render(2, (50, 40)).convert(mode)
    assert np.array_equal(to_pixels(picture, 40), to_pixels(picture.convert("RGB"), 40))


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_more_than_8_bits_are_refused_rather_than_cut_off(kind):
    picture = Image.fromarray(np.full((8, 8), 3000, kind))
    with pytest.raises(InputError, match="8 bits a channel"):
        to_pixels(picture, 8)


def test_the_eight_symmetries_are_all_different_and_start_upright():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 6, 3), np.uint8)
    views = symmetries(pixels)
    assert views.shape == (16, 6, 6, 3)
    for index in range(2):
        own = views[8 * index : 8 * index + 8]
        assert (own[0] == pixels[index]).all()
        assert len({view.tobytes() for view in own}) == 8
        assert len({tuple(sorted(view.reshape(-1).tolist())) for view in own}) == 1
