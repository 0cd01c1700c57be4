from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from ml.data import augmentation
from ml.data.augmentation import MILD, STRONG, augmenter, stored_side
from tests.lesions import render

SIZE = 96
augment = augmenter("all", SIZE)


@pytest.fixture
def pixels():
    side = stored_side(SIZE)
    return np.asarray(render(1, (side, side)))


@pytest.fixture
def noise():
    """Return a picture with detail everywhere, so that the faintest change shows."""
    return generator(7).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(30))
def test_the_variation_has_the_size_that_the_network_reads(pixels, seed):
    varied = augment(pixels, generator(seed))
    assert varied.shape == (SIZE, SIZE, 3)
    assert varied.dtype == np.uint8
    assert len(np.unique(varied)) > 50


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
    for seed, strength in itertools.product(range(20), (MILD, STRONG)):
        moved = augmentation._move(pixels, generator(seed), SIZE, strength).astype(float)
        edges = np.concatenate([moved[0], moved[-1], moved[:, 0], moved[:, -1]])
        assert moved[middle, middle].mean() < edges.mean() - 20


def test_a_strong_change_moves_the_size_of_a_lesion_further_than_a_mild_one(pixels):
    def dark(strength):
        found = [
            (augmentation._move(pixels, generator(seed), SIZE, strength).mean(2) < 140).mean()
            for seed in range(60)
        ]
        return max(found) / min(found)

    assert dark(STRONG) > 1.5 * dark(MILD)


def test_a_strong_change_of_colour_goes_further_than_a_mild_one():
    grey = Image.new("RGB", (4, 4), (120, 120, 120))

    def spread(strength):
        found = [
            np.asarray(augmentation._recolour(grey, generator(seed), strength))[0, 0]
            for seed in range(60)
        ]
        return np.std([colour.astype(float) / colour.mean() for colour in found])

    assert spread(STRONG) > 2 * spread(MILD)


@pytest.mark.parametrize("artefact", ["_dark_corners", "_hair", "_ruler", "_ink", "_blur", "_jpeg"])
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
