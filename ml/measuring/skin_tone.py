"""Estimate how light the skin around a lesion is.

The estimate is the individual typology angle ``atan((L - 50) / b)`` of CIELAB (Chardin, Bourgeois &
Rouaud-Hugues, International Journal of Cosmetic Science 1991), taken here from a photograph instead
of a colorimeter. Light and camera move it by many degrees, so it sorts pictures roughly and says
nothing about one person.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms

from ml.judging.preprocessing import to_pixels

#: Each tone begins above this angle in degrees; the lightest tone comes first.
TONES = (
    (55.0, "very light"),
    (41.0, "light"),
    (28.0, "intermediate"),
    (10.0, "tan"),
    (-30.0, "brown"),
    (-90.0, "dark"),
)
SIZE = 64

#: A pixel with a lightness (0..100) below this is the surround of the dermoscope, ink or hair.
DARKEST_SKIN = 20.0

_TO_LAB = ImageCms.buildTransform(
    ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
)


def typology_angle(image: Image.Image) -> float | None:
    """Return the individual typology angle of the skin around the lesion, in degrees.

    Pixels show skin if they lie outside a circle around the middle, with a diameter of 0.8 times
    the picture's side, and are no dark surround. The angle is that of their median colour.

    Args:
        image: decoded picture.

    Returns:
        The angle in -90..90, or None where less than a hundredth of the picture shows skin.
    """
    lab = ImageCms.applyTransform(Image.fromarray(to_pixels(image, SIZE)), _TO_LAB)
    values = np.asarray(lab)
    lightness = values[..., 0] * (100 / 255)
    # The values a and b are signed, which a Pillow image cannot tell.
    yellow = values[..., 2].astype(np.int8).astype(float)
    across, down = np.meshgrid(*[np.linspace(-1, 1, SIZE)] * 2)
    skin = (np.hypot(across, down) > 0.8) & (lightness > DARKEST_SKIN)
    if skin.sum() < SIZE * SIZE / 100:
        return None
    return float(
        np.degrees(np.arctan2(np.median(lightness[skin]) - 50, max(np.median(yellow[skin]), 1e-6)))
    )


def tone(angle: float) -> str:
    """Return the name of the tone with this typology angle (degrees)."""
    return next((name for end, name in TONES if angle > end), TONES[-1][1])
