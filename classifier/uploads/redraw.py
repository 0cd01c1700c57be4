"""Draw a picture anew in sRGB and no larger than it is kept, a band of rows at a time.

If a picture in another mode or colour space were converted as a whole, it would be in memory
several times.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable

from PIL import Image, ImageCms

from classifier.uploads.plan import kept_size

#: This many pixels are converted at a time.
BAND = 1_000_000
#: The filter that makes a picture smaller looks this far to either side, in pixels of the kept
#: size.
REACH = 1


def redraw(opened: Image.Image) -> Image.Image:
    """Return the pixels of ``opened`` in sRGB, at the size at which they are kept."""
    convert = _conversion(opened)
    size = kept_size(opened.size)
    canvas = Image.new("RGB", size)
    ratio = opened.height / size[1]
    margin = math.ceil(REACH * ratio) if size != opened.size else 0
    rows = max(1, int(BAND / opened.width / ratio))
    for top in range(0, size[1], rows):
        bottom = min(top + rows, size[1])
        first = max(0, math.floor(top * ratio) - margin)
        last = min(opened.height, math.ceil(bottom * ratio) + margin)
        band = convert(opened.crop((0, first, opened.width, last)))
        if size != opened.size:
            above, below = top * ratio - first, min(bottom * ratio - first, band.height)
            band = band.resize(
                (size[0], bottom - top),
                Image.Resampling.HAMMING,
                box=(0, above, band.width, below),
            )
        canvas.paste(band, (0, top))
    return canvas


def _conversion(opened: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return a function that converts any band of ``opened`` to sRGB."""
    in_srgb = _colours(opened)

    def convert(band: Image.Image) -> Image.Image:
        if band.mode.startswith("I;16"):
            # Pillow's own conversion cuts 16-bit values off at 255 instead of scaling them.
            band = band.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        if band.has_transparency_data:
            layer = band.convert("RGBA")
            band = Image.new("RGBA", layer.size, "white")
            band.alpha_composite(layer)
        if band.mode in ("P", "RGBA"):
            band = band.convert("RGB")
        return in_srgb(band).convert("RGB")

    return convert


def _colours(opened: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return a function that brings a band into sRGB, which the networks were trained on."""
    profile = opened.info.get("icc_profile")
    mode = "CMYK" if opened.mode == "CMYK" else "RGB"
    if not profile or not (opened.mode in ("CMYK", "RGB", "P") or opened.has_transparency_data):
        return lambda band: band
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return lambda band: band
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return lambda band: band  # a broken profile leaves the colours as they are stored

    def in_srgb(band: Image.Image) -> Image.Image:
        changed = ImageCms.applyTransform(band, transform)
        assert changed is not None  # only an in-place conversion returns None
        return changed

    return in_srgb
