"""Change copies of test pictures, to show whether a network leans on how they were taken."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageDraw

from ml.judging.preprocessing import centre_square

#: The smallest pictures in HAM10000 (200 x 150) have a centre square of this side in pixels.
LOW_RESOLUTION = 150


def mask_corners(image: Image.Image) -> Image.Image:
    """Return the centre square with everything outside its inscribed circle black.

    All pictures then have the dark corners that only some had, so the corners are no clue any more.
    """
    square = centre_square(image).convert("RGB")
    return black_outside(square, (0, 0, square.width - 1, square.height - 1))


def black_outside(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Return an RGB picture with everything outside the ellipse in ``box`` black."""
    ellipse = Image.new("L", image.size)
    ImageDraw.Draw(ellipse).ellipse(box, fill=255)
    return Image.composite(image, Image.new("RGB", image.size), ellipse)


def low_resolution(image: Image.Image) -> Image.Image:
    """Return the centre square in the resolution of HAM10000's smallest pictures.

    Sharp pictures become as blurred as those; the small ones stay as they are.
    """
    square = centre_square(image).convert("RGB")
    if square.width <= LOW_RESOLUTION:
        return square
    return square.resize((LOW_RESOLUTION, LOW_RESOLUTION), Image.Resampling.BICUBIC)


PERTURBATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "corners_masked": mask_corners,
    "low_resolution": low_resolution,
}
