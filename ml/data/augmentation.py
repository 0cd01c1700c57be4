"""Change training pictures at random, so that a network cannot learn how a photo was taken.

In public dermoscopy sets dark corners, ink, rulers, blur and even JPEG quality go with the label.
Here each is drawn at random, whatever the label, which makes it useless as a clue.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

Generator = np.random.Generator
Changes = Sequence[tuple[float, Callable[[Image.Image, Generator], Image.Image]]]


@dataclass(frozen=True)
class Strength:
    """Limits how far a picture may be changed, by the ends of evenly drawn ranges.

    Attributes:
        zoom: factor on the lesion's size, drawn evenly on a logarithmic scale.
        stretch: change of its width over its height.
        shift: movement of the middle, as a share of the side.
        contrast: factor about middle grey.
        brightness: what is added to values in 0..1.
        gamma: exponent, drawn evenly on a logarithmic scale.
        balance: factor on each colour channel.
        saturation: factor on the saturation; 0 would be grey.
    """

    zoom: tuple[float, float]
    stretch: float
    shift: float
    contrast: tuple[float, float]
    brightness: float
    gamma: float
    balance: tuple[float, float]
    saturation: tuple[float, float]


#: The pictures of one clinic differ by so much.
MILD = Strength((0.95, 1.43), 0.1, 0.08, (0.8, 1.25), 0.08, 0.15, (0.94, 1.06), (0.7, 1.3))

#: Pictures of different clinics, cameras and lights differ by so much.
STRONG = Strength((0.6, 1.6), 0.15, 0.1, (0.65, 1.45), 0.1, 0.3, (0.82, 1.18), (0.5, 1.5))

#: The pictures that are kept to be changed have a side so many times as long as that of what the
#: network reads, so that an enlarged lesion stays sharp.
STORED = 1.25


def stored_side(size: int) -> int:
    """Return the side of the pictures to keep for a network that reads ``size`` pixels."""
    return round(STORED * size)


def augment(
    pixels: np.ndarray, random: Generator, *, size: int, strength: Strength, changes: Changes
) -> np.ndarray:
    """Return a random variation of one picture: moved, recoloured and further changed.

    Args:
        pixels: ``uint8 (side, side, 3)``.
        random: source of every random choice.
        size: side of the picture that is returned.
        strength: how far it is moved and recoloured.
        changes: what else may happen to it, each with its chance in 0..1.

    Returns:
        A new ``uint8 (size, size, 3)`` array.
    """
    image = Image.fromarray(_move(pixels, random, size, strength))
    image = _recolour(image, random, strength)
    for chance, change in changes:
        if random.random() < chance:
            image = change(image, random)
    return np.asarray(image)


def _move(pixels: np.ndarray, random: Generator, size: int, strength: Strength) -> np.ndarray:
    """Mirror, rotate by any angle, scale, stretch and shift a picture."""
    if random.random() < 0.5:
        pixels = pixels[:, ::-1]
    side = pixels.shape[0]
    margin = side // 2
    padded = Image.fromarray(
        np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), "reflect")
    )
    angle = random.uniform(0, 2 * np.pi)
    # So many pixels of the stored picture become one pixel of the new one.
    scale = side / size / np.exp(random.uniform(*np.log(strength.zoom)))
    stretch = np.exp(random.uniform(-strength.stretch, strength.stretch))
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos * stretch, -sin], [sin * stretch, cos]])
    shift = random.uniform(-strength.shift, strength.shift, 2) * side
    offset = padded.width / 2 + shift - matrix @ np.array([size / 2, size / 2])
    coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
    moved = padded.transform(
        (size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


def _recolour(image: Image.Image, random: Generator, strength: Strength) -> Image.Image:
    """Change white balance, exposure, contrast (one lookup table a channel) and saturation."""
    levels = np.linspace(0, 1, 256)
    contrast = random.uniform(*strength.contrast)
    brightness = random.uniform(-strength.brightness, strength.brightness)
    gamma = np.exp(random.uniform(-strength.gamma, strength.gamma))
    balance = random.uniform(*strength.balance, 3)
    curve = np.clip((levels - 0.5) * contrast + 0.5 + brightness, 0, 1) ** gamma
    table = np.clip(curve[None, :] * balance[:, None] * 255, 0, 255).astype(np.uint8)
    saturation = random.uniform(*strength.saturation)
    return ImageEnhance.Color(image.point(table.ravel().tolist())).enhance(saturation)


def _dark_corners(image: Image.Image, random: Generator) -> Image.Image:
    """Draw the black surround of a dermoscope whose field is round."""
    size = image.width
    radius = random.uniform(0.5, 0.68) * size
    x, y = size / 2 + random.uniform(-0.06, 0.06, 2) * size
    mask = Image.new("L", image.size, 255)
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    mask = mask.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 6)))
    shade = int(random.integers(0, 40))
    surround = Image.new("RGB", image.size, (shade, shade, shade))
    return Image.composite(surround, image, mask)


def _hair(image: Image.Image, random: Generator) -> Image.Image:
    """Draw thin dark curves."""
    draw = ImageDraw.Draw(image)
    size = image.width
    for _ in range(random.integers(2, 14)):
        start, middle, end = random.uniform(-0.1, 1.1, (3, 2)) * size
        along = np.linspace(0, 1, 16)[:, None]
        curve = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
        shade = random.integers(10, 70)
        colour = (int(shade), int(shade * 0.8), int(shade * 0.7))
        draw.line([tuple(point) for point in curve], colour, int(random.integers(1, 3)))
    return image


def _ruler(image: Image.Image, random: Generator) -> Image.Image:
    """Draw evenly spaced ticks along one edge."""
    draw = ImageDraw.Draw(image)
    size = image.width
    spacing, depth = int(random.integers(5, 16)), int(random.integers(4, 14))
    shade = int(random.choice([20, 40, 230]))
    at_start = bool(random.random() < 0.5)
    along_x = bool(random.random() < 0.5)
    for place in range(0, size, spacing):
        near, far = (0, depth) if at_start else (size - depth, size)
        line = (place, near, place, far) if along_x else (near, place, far, place)
        draw.line(line, (shade, shade, shade), 1)
    return image


def _ink(image: Image.Image, random: Generator) -> Image.Image:
    """Draw a stroke of a surgical marking pen near the edge."""
    size = image.width
    start, end = random.uniform(0, 1, (2, 2)) * size
    start[random.integers(2)] = random.choice([0.08, 0.92]) * size
    stroke = Image.new("L", image.size, 0)
    width = int(random.integers(4, 14))
    ImageDraw.Draw(stroke).line((*start, *end), int(random.integers(90, 190)), width)
    stroke = stroke.filter(ImageFilter.GaussianBlur(1.5))
    colour = tuple(int(c) for c in random.integers((40, 30, 110), (110, 80, 200)))
    return Image.composite(Image.new("RGB", image.size, colour), image, stroke)


def _blur(image: Image.Image, random: Generator) -> Image.Image:
    """Take sharpness away, as if it were out of focus or enlarged from a smaller picture."""
    if random.random() < 0.5:
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.8)))
    small = int(image.width * random.uniform(0.35, 0.9))
    shrunk = image.resize((small, small), Image.Resampling.BILINEAR)
    return shrunk.resize(image.size, Image.Resampling.BILINEAR)


def _jpeg(image: Image.Image, random: Generator) -> Image.Image:
    """Add the block noise of a random JPEG quality."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(random.integers(40, 96)))
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


_ARTEFACTS: Changes = ((0.15, _hair), (0.1, _ruler), (0.05, _ink), (0.25, _dark_corners))
_SHARPNESS: Changes = ((0.4, _blur), (0.5, _jpeg))

#: Ways to vary pictures, by name. Those without artefacts, without changes of sharpness, and with
#: mild colours are there to show what each of these is worth.
AUGMENTATIONS: dict[str, tuple[Strength, Changes]] = {
    "all": (STRONG, (*_ARTEFACTS, *_SHARPNESS)),
    "mild": (MILD, (*_ARTEFACTS, *_SHARPNESS)),
    "without_artefacts": (STRONG, _SHARPNESS),
    "without_sharpness": (STRONG, _ARTEFACTS),
}


def augmenter(name: str, size: int) -> Callable[[np.ndarray, Generator], np.ndarray]:
    """Return the function that varies a picture for a network that reads ``size`` pixels.

    Args:
        name: one of `AUGMENTATIONS`.
        size: side in pixels of the pictures that the network reads.
    """
    strength, changes = AUGMENTATIONS[name]
    return partial(augment, size=size, strength=strength, changes=changes)
