from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.judging.segmentation import dark_surround, otsu, segment, to_lab
from tests.lesions import draw, flower

SIDE = 128


def outlined(picture: Image.Image):
    return segment(np.asarray(picture.resize((SIDE, SIDE))))


def disc(centre, radius):
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    return np.hypot(x - centre[0], y - centre[1]) <= radius


def overlap(found, true):
    return (found & true).sum() / (found | true).sum()


@pytest.mark.parametrize("centre", [(0.5, 0.5), (0.4, 0.6), (0.62, 0.45)])
@pytest.mark.parametrize("radius", [0.1, 0.2, 0.3])
def test_the_lesion_is_found_where_it_was_drawn(centre, radius):
    found = outlined(draw(flower(), radius, centre=centre))
    assert found.is_clear
    assert overlap(found.mask, disc(centre, radius)) > 0.9


@pytest.mark.parametrize("fill", [(150, 90, 60), (60, 30, 20), (200, 80, 80), (90, 110, 150)])
def test_any_colour_that_differs_from_the_skin_is_found(fill):
    found = outlined(draw(flower(), 0.25, [fill]))
    assert overlap(found.mask, disc((0.5, 0.5), 0.25)) > 0.9


def test_a_hole_in_the_lesion_belongs_to_it():
    picture = np.asarray(draw(flower(), 0.3)).copy()
    picture[118:138, 118:138] = (224, 178, 152)
    assert overlap(outlined(Image.fromarray(picture)).mask, disc((0.5, 0.5), 0.3)) > 0.9


def test_dark_corners_are_no_lesion():
    picture = np.asarray(draw(flower(), 0.15)).copy()
    y, x = (np.mgrid[:256, :256] + 0.5) / 256 - 0.5
    picture[np.hypot(x, y) > 0.48] = 5
    found = outlined(Image.fromarray(picture))
    assert overlap(found.mask, disc((0.5, 0.5), 0.15)) > 0.85
    assert found.surround.mean() == pytest.approx(1 - np.pi * 0.48**2, abs=0.04)
    assert found.is_clear


def test_a_dark_lesion_in_the_middle_is_no_surround():
    assert not dark_surround(np.asarray(draw(flower(), 0.3, [(5, 5, 5)]))).any()


def test_a_lesion_that_leaves_the_picture_is_not_clear():
    found = outlined(draw(flower(), 0.3, centre=(0.85, 0.5)))
    assert found.on_edge > 0.1
    assert not found.is_clear


def test_a_lesion_that_is_hardly_there_is_not_clear():
    assert not outlined(draw(flower(), 0.25, [(216, 172, 147)])).is_clear


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_has_no_lesion_and_breaks_nothing(level):
    found = segment(np.full((SIDE, SIDE, 3), level, np.uint8))
    assert not found.is_clear
    assert found.contrast == 0
    assert np.isfinite([found.separability, found.on_edge, found.area]).all()


@pytest.mark.parametrize("side", [1, 2, 5])
def test_a_few_pixels_break_nothing(side):
    found = segment(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))
    assert found.mask.shape == (side, side)
    assert np.isfinite([found.contrast, found.separability, found.on_edge, found.area]).all()


def test_lab_is_that_of_the_standard():
    # The numbers are those of http://brucelindbloom.com for sRGB and D65.
    colours = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255], [119, 119, 119]])
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]
    assert np.allclose(to_lab(colours)[:4], expected, atol=0.05)
    assert np.allclose(to_lab(colours)[4], [50.03, 0, 0], atol=0.05)


def test_otsu_parts_two_groups_between_them_and_explains_their_variance():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(0, 1, 3000), random.normal(20, 1, 1000)])
    threshold, share = otsu(values)
    assert 3 < threshold < 17
    within = (3000 * values[:3000].var() + 1000 * values[3000:].var()) / 4000
    assert share == pytest.approx(1 - within / values.var(), abs=0.01)


def test_otsu_is_that_of_an_exact_histogram():
    values = np.random.default_rng(1).gamma(2, 10, 20000).astype(np.float32)
    counts, edges = np.histogram(values, 128)
    below, above = np.cumsum(counts)[:-1], counts[::-1].cumsum()[::-1][1:]
    weighted = counts * (edges[1:] + edges[:-1]) / 2
    means = np.cumsum(weighted)[:-1] / below, weighted[::-1].cumsum()[::-1][1:] / above
    between = below * above * (means[0] - means[1]) ** 2 / len(values) ** 2
    threshold, share = otsu(values)
    assert threshold == pytest.approx(edges[1 + between.argmax()], abs=1e-3)
    assert share == pytest.approx(between.max() / values.var(), abs=1e-3)


def test_lab_of_every_grey_level_is_that_of_the_formula():
    levels = np.arange(256) / 255
    linear = np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92)
    lightness = np.where(linear > 216 / 24389, 116 * np.cbrt(linear) - 16, 24389 / 27 * linear)
    found = to_lab(np.repeat(np.arange(256)[:, None], 3, 1))
    assert np.allclose(found[:, 0], lightness, atol=1e-3)
    assert np.allclose(found[:, 1:], 0, atol=0.01)
