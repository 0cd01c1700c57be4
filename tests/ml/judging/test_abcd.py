"""Every measure is tested on lesions of which it is known."""

from __future__ import annotations

import numpy as np
import pytest

from ml.judging.abcd import COLOURS, Abcd, asymmetry, measure
from ml.judging.preprocessing import to_pixels
from ml.judging.segmentation import segment
from tests.lesions import draw, flower

#: This is a tall isosceles triangle about its centroid. A third of its area has no mirror image
#: about the line through the centroid along its base. About the other line, all of it has one.
TRIANGLE = [(0, -2 / 3 * 1.6), (0.5, 1 / 3 * 1.6), (-0.5, 1 / 3 * 1.6)]
BROWN = (80, 40, 20)


def measured(*arguments, **options) -> Abcd:
    picture = draw(*arguments, **options)
    pixels = to_pixels(picture, 128)
    found = measure(pixels, segment(pixels), min(picture.size))
    assert found is not None
    return found


def compactness(outline) -> float:
    """Return the squared perimeter of a polygon over 4 pi times its area."""
    following = np.roll(outline, -1, 0)
    steps = following - outline
    area = abs(np.linalg.det(np.stack([outline, following], axis=1)).sum()) / 2
    return np.hypot(*steps.T).sum() ** 2 / (4 * np.pi * area)


def turned(outline, degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(outline) @ turn.T


@pytest.mark.parametrize("degrees", [0, 30, 45, 90])
def test_an_ellipse_is_symmetrical_whichever_way_it_lies(degrees):
    ellipse = turned(flower() * (1.0, 0.6), degrees)
    assert max(measured(ellipse, 0.35).asymmetry) < 0.05


@pytest.mark.parametrize("degrees", [0, 35, 90, 160])
def test_the_asymmetry_of_a_triangle_is_known_about_both_axes(degrees):
    about_length, about_width = measured(turned(TRIANGLE, degrees), 0.35).asymmetry
    assert about_length == pytest.approx(0, abs=0.06)
    assert about_width == pytest.approx(1 / 3, abs=0.06)


def test_the_border_of_a_circle_is_1():
    assert measured(flower(), 0.3).border == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("petals", "depth"), [(4, 0.15), (5, 0.2), (6, 0.25)])
def test_the_border_of_a_flower_is_that_of_its_outline(petals, depth):
    outline = flower(petals, depth)
    assert measured(outline, 0.32).border == pytest.approx(compactness(outline), rel=0.12)


def test_a_more_ragged_border_measures_more():
    borders = [measured(flower(7, depth), 0.32).border for depth in (0, 0.1, 0.2, 0.3)]
    assert borders == sorted(borders)


@pytest.mark.parametrize(
    "fills",
    [
        [(60, 5, 5)],
        [(60, 5, 5), (150, 100, 10)],
        [(60, 5, 5), (190, 60, 55), (150, 100, 10)],
        [(60, 5, 5), (150, 100, 10), (60, 150, 150), (200, 50, 50)],
    ],
)
def test_the_colours_are_those_that_were_painted(fills):
    near = {
        (60, 5, 5): "dark brown",
        (150, 100, 10): "light brown",
        (190, 60, 55): "red",
        (200, 50, 50): "red",
        (60, 150, 150): "blue-grey",
    }
    found = measured(flower(), 0.3, fills).colours
    assert set(found) == {near[fill] for fill in fills}
    assert set(found) <= set(COLOURS)


@pytest.mark.parametrize("side", [128, 300, 1000])
def test_the_diameter_is_in_pixels_of_the_picture_that_was_sent_in(side):
    found = measured(flower(), 0.25, side=side)
    assert found.diameter == pytest.approx(0.5 * side, rel=0.05)


def test_the_diameter_of_an_ellipse_is_its_long_axis():
    found = measured(turned(flower() * (1.0, 0.5), 45), 0.3, side=256)
    assert found.diameter == pytest.approx(0.6 * 256, rel=0.05)


@pytest.mark.parametrize(
    "options",
    [
        {"radius": 0.25, "fills": [(218, 173, 148)]},
        {"radius": 0.3, "centre": (0.9, 0.5)},
        {"radius": 0.02},
    ],
)
def test_without_a_clear_outline_nothing_is_measured(options):
    picture = draw(flower(), **options)
    pixels = to_pixels(picture, 128)
    assert measure(pixels, segment(pixels), min(picture.size)) is None


@pytest.mark.parametrize("around", [1, 40])
def test_the_asymmetry_does_not_depend_on_how_much_skin_is_around_the_lesion(around):
    y, x = np.mgrid[:60, :60] - 29.5
    mask = (np.hypot(x, 1.4 * y) < 20) & ~((x > 5) & (y > 3))
    expected = asymmetry(np.pad(mask, 100))
    assert min(expected) > 0.05
    assert asymmetry(np.pad(mask, around)) == pytest.approx(expected, abs=1e-6)
