from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml import augmentation
from ml.augmentation import AUGMENTATIONS
from tests.lesions import render

SIZE = 96
augment = AUGMENTATIONS["all"]


@pytest.fixture
def pixels():
    return np.asarray(render(1, (SIZE, SIZE)))


@pytest.fixture
def noise():
    """Detail everywhere, so that the faintest change shows."""
    return generator(7).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(30))
def test_the_variation_has_the_shape_of_the_picture_and_differs_from_it(pixels, seed):
    varied = augment(pixels, generator(seed))
    assert varied.shape == pixels.shape
    assert varied.dtype == np.uint8
    assert not np.array_equal(varied, pixels)


def test_the_seed_decides_the_variation(pixels):
    assert np.array_equal(augment(pixels, generator(5)), augment(pixels, generator(5)))
    assert not np.array_equal(augment(pixels, generator(5)), augment(pixels, generator(6)))


def test_the_picture_itself_stays_as_it_was(pixels):
    before = pixels.copy()
    for seed in range(10):
        augment(pixels, generator(seed))
    assert np.array_equal(pixels, before)


def test_the_lesion_stays_in_the_middle(pixels):
    middle = slice(SIZE // 3, 2 * SIZE // 3)
    for seed in range(20):
        moved = augmentation._geometry(pixels, generator(seed)).astype(float)
        corners = moved[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
        assert moved[middle, middle].mean() < corners - 20


@pytest.mark.parametrize(
    "artefact", ["_colour", "_dark_corners", "_hair", "_ruler", "_ink", "_blur", "_jpeg"]
)
@pytest.mark.parametrize("seed", range(4))
def test_every_artefact_changes_the_picture_and_follows_its_seed(noise, artefact, seed):
    add = getattr(augmentation, artefact)
    first, second = (
        np.asarray(add(Image.fromarray(noise.copy()), generator(seed))) for _ in range(2)
    )
    assert first.shape == noise.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert not np.array_equal(first, noise)


def test_dark_corners_are_dark_and_leave_the_middle():
    bright = Image.new("RGB", (SIZE, SIZE), (220, 180, 160))
    for seed in range(20):
        pixels = np.asarray(augmentation._dark_corners(bright, generator(seed)))
        assert pixels[[0, 0, -1, -1], [0, -1, 0, -1]].min() < 80
        assert (pixels[40:56, 40:56] == (220, 180, 160)).all()


def test_the_ruler_lies_along_one_edge():
    bright = np.full((SIZE, SIZE, 3), 128, np.uint8)
    for seed in range(20):
        ticks = np.asarray(augmentation._ruler(Image.fromarray(bright), generator(seed)))
        changed = (ticks != 128).any(axis=2)
        edges = [changed[:14], changed[-14:], changed[:, :14], changed[:, -14:]]
        assert changed.sum() == max(edge.sum() for edge in edges) > 0


def test_hair_is_darker_than_skin():
    bright = Image.new("RGB", (SIZE, SIZE), (220, 180, 160))
    pixels = np.asarray(augmentation._hair(bright, generator(1)))
    changed = (pixels != (220, 180, 160)).any(axis=2)
    assert 0 < changed.mean() < 0.5
    assert pixels[changed].max() < 70


def test_ink_is_bluish():
    bright = Image.new("RGB", (SIZE, SIZE), (220, 180, 160))
    pixels = np.asarray(augmentation._ink(bright, generator(1))).astype(int)
    changed = (pixels != (220, 180, 160)).any(axis=2)
    change = pixels[changed].mean(axis=0) - (220, 180, 160)
    assert change[2] > change[0]


def test_blur_softens(noise):
    def sharpness(array):
        return np.abs(np.diff(array.astype(float), axis=1)).mean()

    for seed in range(10):
        blurred = np.asarray(augmentation._blur(Image.fromarray(noise), generator(seed)))
        assert sharpness(blurred) < sharpness(noise)
