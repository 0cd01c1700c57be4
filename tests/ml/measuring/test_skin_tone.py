from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.measuring.skin_tone import tone, typology_angle

#: These are the sRGB colours of CIELAB (L, 10, 20) by L, whose angle is atan((L - 50) / 20).
SKIN = {78: (217, 187, 157), 50: (143, 113, 86), 35: (105, 76, 51)}


def picture(colour, size=(80, 60)):
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((25, 15, 55, 45), fill=(60, 30, 25))
    return image


@pytest.mark.parametrize("lightness", SKIN)
def test_the_angle_is_that_of_the_skin_around_the_lesion(lightness):
    expected = np.degrees(np.arctan((lightness - 50) / 20))
    assert typology_angle(picture(SKIN[lightness])) == pytest.approx(expected, abs=5)


def test_a_dark_surround_is_no_skin():
    image = picture(SKIN[78])
    plain = typology_angle(image)
    mask = Image.new("L", image.size, 255)
    ImageDraw.Draw(mask).ellipse((8, -2, 72, 62), fill=0)
    image.paste((0, 0, 0), mask=mask)
    assert typology_angle(image) == pytest.approx(plain, abs=2)


def test_a_picture_without_skin_has_no_angle():
    assert typology_angle(Image.new("RGB", (50, 50), (5, 5, 5))) is None


def test_a_grey_picture_has_an_angle_at_the_end_of_the_scale():
    assert typology_angle(Image.new("L", (50, 50), 220)) == pytest.approx(90, abs=2)


def test_tones_are_sorted_by_their_angle():
    angles = (70, 55, 50, 35, 20, 0, -50)
    assert [tone(angle) for angle in angles] == [
        "very light",
        "light",
        "light",
        "intermediate",
        "tan",
        "brown",
        "dark",
    ]
