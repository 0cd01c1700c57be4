"""This generates pictures of skin lesions, so that no test needs a photograph of a person."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SKIN = (224, 178, 152)


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


def flower(petals: int = 0, depth: float = 0.0, points: int = 720) -> np.ndarray:
    """Return the outline of a circle of radius 1 with waves, ``(points, 2)``."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = 1 + depth * np.cos(petals * angle)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def draw(
    outline: Sequence[Sequence[float]] | np.ndarray,
    radius: float = 0.25,
    fills: Sequence[tuple[int, int, int]] = ((80, 40, 20),),
    centre: tuple[float, float] = (0.5, 0.5),
    side: int = 256,
) -> Image.Image:
    """Return a square picture of plain skin with a lesion of which every measure is known.

    Args:
        outline: corners ``(n, 2)`` about the origin.
        radius: the share of the side that a distance of 1 from the origin takes.
        fills: colours of the lesion, in upright stripes of equal width from left to right.
        centre: where the origin lies, as shares of the side.
        side: the side of the picture in pixels.
    """
    fine = 4 * side
    corners = (np.array(centre) + radius * np.asarray(outline, float)) * fine
    inside = Image.new("L", (fine, fine))
    ImageDraw.Draw(inside).polygon([tuple(corner) for corner in corners], fill=255)
    left, right = corners[:, 0].min(), corners[:, 0].max()
    along = (np.arange(fine) - left) / (right - left) * len(fills)
    row = np.array(fills, np.uint8)[np.clip(along.astype(int), 0, len(fills) - 1)]
    lesion = Image.fromarray(np.repeat(row[None], fine, axis=0))
    whole = Image.composite(lesion, Image.new("RGB", (fine, fine), SKIN), inside)
    return whole.resize((side, side), Image.Resampling.LANCZOS)


def judged(seed: int = 0, extension: str = "jpg") -> bytes:
    """Return a generated lesion that passes for dermoscopy with the networks that ship."""
    return picture(extension, (640, 480), seed)


def write_classes(folder: Path, each: int) -> None:
    """Write ``each`` pictures of two classes that a tiny network can learn to tell apart.

    The benign ones are round and of one colour, the malignant ones ragged and of two.
    """
    random = np.random.default_rng(each)
    kinds = {
        "benign": (0.03, [(104, 66, 52)]),
        "malignant": (0.3, [(70, 40, 36), (140, 80, 70)]),
    }
    for name, (depth, fills) in kinds.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            outline = flower(int(random.integers(3, 8)), depth)
            centre = tuple(random.uniform(0.45, 0.55, 2))
            image = draw(outline, random.uniform(0.2, 0.3), fills, centre)
            image.save(folder / name / f"{number}.png")


if __name__ == "__main__":
    write_classes(Path(sys.argv[1]), int(sys.argv[2]))
