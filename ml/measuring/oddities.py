"""Generate pictures that are no dermoscopy: noise, plain colours, text and drawings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (320, 240)
Generator = np.random.Generator


def _colour(random: Generator) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in random.integers(0, 256, 3))
    return red, green, blue


def noise(random: Generator) -> Image.Image:
    """Return independent pixels, at one of several grains."""
    grain = int(random.choice([1, 2, 4, 8, 16]))
    small = (SIZE[1] // grain, SIZE[0] // grain)
    shape = (*small, 3) if random.random() < 0.5 else small
    pixels = Image.fromarray(random.integers(0, 256, shape, np.uint8)).convert("RGB")
    return pixels.resize(SIZE, Image.Resampling.NEAREST)


def plain(random: Generator) -> Image.Image:
    """Return one colour, or a gradient between two."""
    start, end = np.array(_colour(random)), np.array(_colour(random))
    if random.random() < 0.5:
        end = start
    along = np.linspace(0, 1, SIZE[0])[None, :, None]
    row = (start + along * (end - start)).astype(np.uint8)
    return Image.fromarray(np.repeat(row, SIZE[1], axis=0))


def text(random: Generator) -> Image.Image:
    """Return a page of random words."""
    page = Image.new("RGB", SIZE, "white" if random.random() < 0.7 else _colour(random))
    draw = ImageDraw.Draw(page)
    size = int(random.integers(10, 40))
    font = ImageFont.load_default(size)
    ink = "black" if random.random() < 0.7 else _colour(random)
    for top in range(4, SIZE[1], size + 4):
        letters = random.choice(list("abcdefghijklmnopqrstuvwxyz     "), 60)
        draw.text((6, top), "".join(letters), fill=ink, font=font)
    return page


def drawing(random: Generator) -> Image.Image:
    """Return flat shapes on a flat ground."""
    sheet = Image.new("RGB", SIZE, _colour(random))
    draw = ImageDraw.Draw(sheet)
    for _ in range(random.integers(2, 12)):
        first, second = random.uniform(0, 1, (2, 2)) * SIZE
        box = (*np.minimum(first, second), *np.maximum(first, second))
        shape = random.choice(["rectangle", "ellipse", "line"])
        if shape == "line":
            draw.line((*first, *second), _colour(random), int(random.integers(1, 12)))
        else:
            getattr(draw, shape)(box, fill=_colour(random), outline=_colour(random))
    return sheet


KINDS: dict[str, Callable[[Generator], Image.Image]] = {
    "noise": noise,
    "plain colours": plain,
    "text": text,
    "drawings": drawing,
}


def oddities(number: int, seed: int) -> dict[str, list[Image.Image]]:
    """Return ``number`` pictures of every kind; the same seed gives the same pictures."""
    random = np.random.default_rng(seed)
    return {name: [make(random) for _ in range(number)] for name, make in KINDS.items()}
