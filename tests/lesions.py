"""Generated pictures of skin lesions: no photograph of a person is needed to test."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter


def render(seed: int = 0, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Return a skin-coloured picture with one dark, slightly irregular lesion near its middle.

    Args:
        seed: decides every colour, shape and speck; the same seed gives the same picture.
        size: ``(width, height)`` in pixels.

    Returns:
        An ``RGB`` picture.
    """
    random = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[:height, :width]
    side = min(size)
    centre = np.array([width, height]) / 2 + random.uniform(-0.05, 0.05, 2) * side
    dx, dy = x + 0.5 - centre[0], y + 0.5 - centre[1]
    angle = np.arctan2(dy, dx)
    waves = sum(
        random.uniform(0.02, 0.08) * np.cos(order * angle + random.uniform(0, 2 * np.pi))
        for order in (2, 3, 5)
    )
    radius = random.uniform(0.2, 0.32) * side * (1 + waves)
    softness = max(1.0, 0.02 * side)
    inside = 1 / (1 + np.exp(np.clip((np.hypot(dx, dy) - radius) / softness, -30, 30)))

    skin = np.array([222, 176, 152]) + random.uniform(-18, 18, 3)
    lesion = np.array([104, 66, 52]) + random.uniform(-25, 25, 3)
    colour = skin + inside[..., None] * (lesion - skin)
    speckle = Image.fromarray(random.integers(0, 256, (height, width), np.uint8))
    texture = np.asarray(speckle.filter(ImageFilter.GaussianBlur(1.5)), float) - 127.5
    pixels = colour + 0.25 * texture[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def picture(extension: str = "jpg", size: tuple[int, int] = (160, 120), seed: int = 0) -> bytes:
    """Return a generated lesion as an encoded file."""
    stream = io.BytesIO()
    image = render(seed=seed, size=size)
    image.save(stream, {"jpg": "JPEG", "tif": "TIFF"}.get(extension, extension.upper()))
    return stream.getvalue()
