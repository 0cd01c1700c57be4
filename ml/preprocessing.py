"""From a decoded picture to the pixels a network reads: the same in training and in serving."""

from __future__ import annotations

import numpy as np
from PIL import Image


def centre_square(image: Image.Image) -> Image.Image:
    """Return the largest square around the middle of ``image``."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def to_pixels(image: Image.Image, size: int) -> np.ndarray:
    """Return the centre square of ``image`` at ``size`` x ``size``.

    The centre square, because dermoscopes put the lesion in the middle and squashing a 4:3
    picture would change its shape; Pillow's bicubic filter is antialiased when shrinking.

    Args:
        image: any decoded picture of at least 1x1 pixels; converted to RGB.
        size: side of the network's input, in pixels.

    Returns:
        ``uint8`` array ``(size, size, 3)``.
    """
    square = centre_square(image.convert("RGB"))
    if square.size != (size, size):
        square = square.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, dtype=np.uint8)
