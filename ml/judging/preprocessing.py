"""Turn a decoded picture into the pixels a network reads, alike in training and in serving."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ml.errors import InputError


def centre_square(image: Image.Image) -> Image.Image:
    """Return the largest square around the middle of ``image``."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def to_pixels(image: Image.Image, size: int) -> np.ndarray:
    """Return the centre square of ``image`` at ``size`` x ``size``.

    It is the centre square because dermoscopes put the lesion in the middle, and squashing a 4:3
    picture would change its shape. Pillow's bicubic filter is antialiased when shrinking.

    Args:
        image: decoded picture of at least 1x1 pixels with 8 bits a channel; converted to RGB.
        size: side of the network's input, in pixels.

    Returns:
        ``uint8`` array ``(size, size, 3)``.

    Raises:
        InputError: the picture has 16 bits a channel or holds floats.
    """
    if image.mode[0] in "IF":
        # Pillow would cut every value above 255 off and leave a white picture.
        raise InputError(f"Convert the picture to 8 bits a channel. Received: mode {image.mode}")
    square = centre_square(image)
    if square.mode != "RGB":
        square = square.convert("RGB")
    # The gap lets Pillow average whole pixels first where the picture is over six times too large.
    # That is ten times faster for a photograph of a phone, and gives the same to a grey level.
    return np.asarray(square.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0))


def symmetries(pixels: np.ndarray) -> np.ndarray:
    """Return the eight rotations and mirror images of ``(n, s, s, 3)`` as ``(8 n, s, s, 3)``.

    Those of one picture follow one another, the upright one first.
    """
    turned = [np.rot90(pixels, turns, (1, 2)) for turns in range(4)]
    views = [*turned, *(view[:, :, ::-1] for view in turned)]
    return np.stack(views, axis=1).reshape(-1, *pixels.shape[1:])
