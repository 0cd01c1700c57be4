"""Spoil real pictures by measured amounts, to choose and test the limits of `quality`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from ml.data.dataset import most_even_corner
from ml.judging.preprocessing import centre_square
from ml.judging.quality import Problem
from ml.measuring.perturbations import black_outside

Change = Callable[[Image.Image], Image.Image]


def blur(share: float) -> Change:
    """Blur by a Gaussian whose standard deviation is a share of the shorter side."""
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * min(image.size)))


def expose(factor: float) -> Change:
    """Multiply every channel; values beyond white become white."""
    return lambda image: image.point(lambda level: min(255, round(level * factor)))


def flatten(factor: float) -> Change:
    """Bring every pixel nearer to the picture's mean colour."""

    def change(image: Image.Image) -> Image.Image:
        pixels = np.asarray(image, float)
        mean = pixels.mean((0, 1))
        return Image.fromarray((mean + factor * (pixels - mean)).round().astype(np.uint8))

    return change


def thumbnail(side: int) -> Change:
    """Shrink the shorter side to so many pixels."""

    def change(image: Image.Image) -> Image.Image:
        scale = side / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        return image.resize(size, Image.Resampling.BICUBIC)

    return change


def surround(share: float) -> Change:
    """Black out all but a circle in the centre square, its diameter a share of the side."""

    def change(image: Image.Image) -> Image.Image:
        square = centre_square(image)
        edge = square.width * (1 - share) / 2
        return black_outside(square, (edge, edge, square.width - edge, square.width - edge))

    return change


def skin_only(image: Image.Image) -> Image.Image:
    """Return the most even corner of a picture, mirrored until it fills the square."""
    pixels = np.asarray(centre_square(image))
    corner = most_even_corner(pixels, len(pixels) // 4)
    row = np.concatenate([corner, corner[:, ::-1]], axis=1)
    return Image.fromarray(np.tile(np.concatenate([row, row[::-1]]), (2, 2, 1)))


#: Each name says how RGB pictures are spoilt, and has the problem that must be found in them.
DEGRADATIONS: dict[str, tuple[Change, Problem]] = {
    "blur, sigma 1.5 % of the side": (blur(0.015), Problem.BLURRED),
    "blur, sigma 2 %": (blur(0.02), Problem.BLURRED),
    "blur, sigma 4 %": (blur(0.04), Problem.BLURRED),
    "exposure x 0.3": (expose(0.3), Problem.TOO_DARK),
    "exposure x 0.4": (expose(0.4), Problem.TOO_DARK),
    "exposure x 2.2": (expose(2.2), Problem.TOO_BRIGHT),
    "exposure x 3": (expose(3.0), Problem.TOO_BRIGHT),
    "thumbnail of 40 pixels": (thumbnail(40), Problem.TOO_SMALL),
    "contrast x 0.1": (flatten(0.1), Problem.LOW_CONTRAST),
    "black around 60 % of the side": (surround(0.6), Problem.DARK_CORNERS),
    "skin without the lesion": (skin_only, Problem.NO_LESION),
}
