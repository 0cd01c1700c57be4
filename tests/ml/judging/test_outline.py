"""The outline of a lesion is a polygon with few corners, in the pixels of the whole picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.judging.analysis import analyse
from ml.judging.frames import Box
from ml.judging.outline import draw_outline
from ml.judging.predictor import Predictor
from tests.lesions import draw, flower

SIDE = 128


def wavy(centre: tuple[float, float], radius: float, depth: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    dx, dy = x - centre[0], y - centre[1]
    return np.hypot(dx, dy) < radius * (1 + depth * np.cos(5 * np.arctan2(dy, dx)))


def overlap(outline, mask: np.ndarray, box: Box, size: tuple[int, int]) -> float:
    """Return how much the polygon has in common with the mask, where the network saw it."""
    drawn = Image.new("1", size)
    ImageDraw.Draw(drawn).polygon(outline, fill=1)
    side = min(box.size)
    corner = (box.left + (box.size[0] - side) // 2, box.top + (box.size[1] - side) // 2)
    true = Image.new("1", size)
    true.paste(Image.fromarray(mask).resize((side, side)), corner)
    found, expected = np.asarray(drawn), np.asarray(true)
    return (found & expected).sum() / (found | expected).sum()


@pytest.mark.parametrize(
    ("centre", "radius", "depth"),
    [((64, 64), 30, 0), ((50, 80), 25, 0.15), ((64, 64), 40, 0.4), ((90, 30), 60, 0.1)],
)
@pytest.mark.parametrize("box", [Box(0, 0, 640, 480), Box(30, 10, 330, 460), Box(0, 0, 128, 128)])
def test_the_polygon_is_the_lesion_with_few_corners(centre, radius, depth, box):
    mask = wavy(centre, radius, depth)
    outline = draw_outline(mask, box)
    assert overlap(outline, mask, box, (700, 500)) > 0.95
    assert 4 < len(outline) < 90
    assert len(set(outline)) == len(outline)


@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_smallest_and_the_largest_lesion_have_an_outline(size):
    mask = np.zeros((8, 8), bool)
    mask[:size, :size] = True
    outline = np.array(draw_outline(mask, Box(0, 0, 80, 80)))
    assert outline.min() >= 0
    assert outline.max() <= 10 * size


def test_an_analysis_has_the_outline_of_a_clear_lesion_within_the_border(seven_bundle):
    lesion = draw(flower(), 0.2, side=300)
    slide = Image.new("RGB", (500, 400), "white")
    slide.paste(lesion, (100, 50))
    one, framed, none = analyse(
        Predictor.load(seven_bundle), [lesion, slide, Image.new("RGB", (300, 300), "tan")],
        screened=False,
    )  # fmt: skip
    assert np.hypot(*(np.array(one.outline) - 150).T) == pytest.approx(60, abs=5)
    assert framed.frame == Box(100, 50, 400, 350)
    assert np.hypot(*(np.array(framed.outline) - (250, 200)).T) == pytest.approx(60, abs=5)
    assert none.outline is None
    assert none.abcd is None
