from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ml.judging.analysis import quality_of
from ml.judging.quality import HIGHEST, LOWEST, MARGIN, SIDE, Problem, blurred, problem
from ml.measuring.degradations import (
    DEGRADATIONS,
    blur,
    expose,
    flatten,
    skin_only,
    surround,
    thumbnail,
)
from tests.lesions import render

PICTURES = [render(seed) for seed in range(6)]


def found(picture: Image.Image) -> Problem | None:
    return problem(quality_of(picture))


@pytest.mark.parametrize("picture", PICTURES)
def test_a_good_picture_has_no_problem(picture):
    assert found(picture) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (thumbnail(40), Problem.TOO_SMALL),
        (expose(0.3), Problem.TOO_DARK),
        (expose(3), Problem.TOO_BRIGHT),
        (blur(0.04), Problem.BLURRED),
        (flatten(0.05), Problem.LOW_CONTRAST),
        (surround(0.6), Problem.DARK_CORNERS),
    ],
)
@pytest.mark.parametrize("picture", PICTURES[:3])
def test_a_spoilt_picture_has_the_problem_it_was_given(picture, change, expected):
    assert found(change(picture)) is expected


def test_skin_without_a_lesion_has_none():
    random = np.random.default_rng(0)
    y, x = np.mgrid[:300, :300] / 300
    skin = np.array([224, 178, 152]) + 9 * (x - y)[..., None]
    pixels = skin + random.normal(0, 8, (300, 300, 1))
    assert found(Image.fromarray(pixels.clip(0, 255).astype(np.uint8))) is Problem.NO_LESION


@pytest.mark.parametrize("colour", ["black", "white", "grey", "#e0b298"])
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (400, 300)])
def test_a_picture_of_one_colour_is_never_good(colour, size):
    measured = quality_of(Image.new("RGB", size, colour))
    assert problem(measured) is not None
    assert np.isfinite([getattr(measured, name) for name in (*LOWEST, *HIGHEST)]).all()


def test_black_is_too_dark_and_white_too_bright():
    assert found(Image.new("RGB", (400, 300), "black")) is Problem.TOO_DARK
    assert found(Image.new("RGB", (400, 300), "white")) is Problem.TOO_BRIGHT


def test_the_cause_is_named_before_its_consequences():
    dark_and_small = thumbnail(40)(expose(0.2)(PICTURES[0]))
    assert found(dark_and_small) is Problem.TOO_SMALL
    assert found(blur(0.05)(expose(0.2)(PICTURES[0]))) is Problem.TOO_DARK


def test_a_limit_that_is_just_met_is_no_problem():
    measured = quality_of(PICTURES[0])
    for attribute, (name, lowest) in LOWEST.items():
        at_limit = type(measured)(**{**measured.__dict__, attribute: lowest})
        below = type(measured)(**{**measured.__dict__, attribute: lowest * 0.999})
        assert problem(at_limit) is None
        assert problem(below) is name


def test_every_way_to_spoil_a_picture_gives_a_picture():
    for change, expected in DEGRADATIONS.values():
        spoilt = change(PICTURES[0])
        assert spoilt.mode == "RGB"
        assert expected in Problem


def test_what_is_left_of_a_picture_without_its_lesion_is_its_most_even_corner():
    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[...] = np.random.default_rng(0).integers(0, 256, pixels.shape)
    pixels[60:, :20] = 200
    assert np.asarray(skin_only(Image.fromarray(pixels))).min() == 200


def test_the_middle_is_blurred_as_scipy_blurs_the_whole():
    luma = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    middle = slice(MARGIN, -MARGIN)
    for found, sigma in zip(blurred(luma), (1, 2, 4), strict=True):
        expected = ndimage.gaussian_filter(luma, sigma)[middle, middle]
        assert np.allclose(found, expected, atol=1e-5)
