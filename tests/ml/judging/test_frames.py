"""A plain border is cut off to the pixel, and all else that is plain along an edge stays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.judging.frames import find_frame
from tests.lesions import draw, flower, render

SIZE = (600, 450)
BLACK, WHITE, GREY, BLUE = (0, 0, 0), (255, 255, 255), (96, 96, 96), (0, 60, 120)


def bordered(picture, colour, left=0, top=0, right=0, bottom=0):
    """Return the picture with a border, and the box in which it lies."""
    whole = Image.new("RGB", (left + picture.width + right, top + picture.height + bottom), colour)
    whole.paste(picture, (left, top))
    return whole, (left, top, left + picture.width, top + picture.height)


def as_jpeg(picture, quality):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


@pytest.mark.parametrize("colour", [BLACK, WHITE, GREY, BLUE])
@pytest.mark.parametrize(
    "sides",
    [
        {"left": 31, "top": 22, "right": 47, "bottom": 90},
        {"top": 140, "bottom": 140},
        {"left": 17, "right": 203},
        {"left": 90, "bottom": 33},
        {"right": 64},
    ],
    ids=lambda sides: "-".join(sides),
)
def test_a_border_is_cut_off_to_the_pixel(colour, sides):
    picture, content = bordered(render(1, SIZE), colour, **sides)
    assert find_frame(picture) == content


@pytest.mark.parametrize("quality", [60, 80, 95])
def test_a_border_is_found_behind_the_noise_of_jpeg(quality):
    picture, content = bordered(render(2, SIZE), BLACK, 35, 51, 35, 51)
    found = find_frame(as_jpeg(picture, quality))
    assert found is not None
    assert np.abs(np.subtract(found, content)).max() <= 2


def test_a_border_is_found_in_a_small_picture_and_in_a_photograph_of_a_phone():
    for size, width in (((100, 80), 9), ((4000, 3000), 333)):
        picture, content = bordered(render(3, (200, 160)).resize(size), WHITE, width, width)
        assert find_frame(picture) == content


def test_a_slide_that_lies_a_little_askew_loses_its_border():
    slide = render(4, SIZE).rotate(0.7, Image.Resampling.BICUBIC, expand=True)
    picture, _ = bordered(slide, BLACK, 60, 60, 60, 60)
    found = find_frame(picture)
    assert found is not None
    assert np.abs(np.subtract(found, (60, 60, 60 + slide.width, 60 + slide.height))).max() <= 12


def test_a_letterbox_within_a_screenshot_is_cut_off_with_it():
    boxed, _ = bordered(render(5, SIZE), BLACK, top=80, bottom=80)
    picture, _ = bordered(boxed, WHITE, 40, 120, 40, 120)
    assert find_frame(picture) == (40, 200, 640, 650)


def test_sides_may_differ_in_colour():
    boxed, _ = bordered(render(6, SIZE), BLACK, left=80)
    picture, _ = bordered(boxed, WHITE, bottom=50)
    assert find_frame(picture) == (80, 0, 680, 450)


def round_field(size, diameter):
    """Return skin as it looks through a dermoscope, with black around a circle."""
    seen = Image.new("L", size)
    ImageDraw.Draw(seen).circle((size[0] / 2, size[1] / 2), diameter / 2, fill=255)
    return Image.composite(render(7, size), Image.new("RGB", size), seen)


@pytest.mark.parametrize("diameter", [380, 450, 520, 590, 700])
def test_the_round_surround_of_a_dermoscope_stays(diameter):
    assert find_frame(round_field(SIZE, diameter)) is None


def test_a_border_around_the_round_surround_goes_without_it():
    picture, content = bordered(round_field(SIZE, 420), WHITE, 30, 40, 50, 60)
    assert find_frame(picture) == content


def test_a_vignette_stays():
    y, x = np.mgrid[-1:1:450j, -1:1:600j]
    light = np.clip(2.4 - 2.2 * np.maximum(np.abs(x), np.abs(y)), 0, 1)[..., None]
    picture = Image.fromarray((np.asarray(render(8, SIZE)) * light).astype(np.uint8))
    assert np.asarray(picture)[0].max() < 60
    assert find_frame(picture) is None


def test_a_lesion_on_white_or_on_evenly_lit_skin_stays():
    on_skin = draw(flower(5, 0.2), 0.3, side=400)
    pixels = np.asarray(on_skin).copy()
    pixels[(pixels == pixels[0, 0]).all(-1)] = 255
    for picture in (on_skin, Image.fromarray(pixels)):
        assert find_frame(picture) is None


def test_a_lesion_that_reaches_the_edge_of_even_skin_stays():
    assert find_frame(draw(flower(3, 0.3), 0.5, centre=(0.5, 0.8), side=400)) is None


@pytest.mark.parametrize("size", [(1, 1), (7, 900), (640, 480)])
def test_a_picture_of_one_colour_stays_whole(size):
    assert find_frame(Image.new("RGB", size, GREY)) is None


def test_two_plain_halves_are_no_picture_with_a_border():
    picture = Image.new("RGB", SIZE, BLACK)
    picture.paste(WHITE, (0, 0, 600, 225))
    found = find_frame(picture)
    assert found is None or found.size[1] >= 225 - 2


@pytest.mark.parametrize(("size", "border"), [((120, 90), 300), ((50, 50), 20)])
def test_what_would_leave_too_little_stays(size, border):
    picture, _ = bordered(render(9, size), BLACK, border, border, border, border)
    assert find_frame(picture) is None


def test_a_border_too_narrow_to_matter_stays():
    picture, _ = bordered(render(10, SIZE), BLACK, 2, 2, 2, 2)
    assert find_frame(picture) is None


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_every_8_bit_mode_is_read(mode):
    picture, content = bordered(render(11, SIZE), BLACK, 50, 50, 50, 50)
    assert find_frame(picture.convert(mode)) == content
