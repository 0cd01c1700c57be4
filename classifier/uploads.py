"""A stranger's bytes become a clean picture, or an `InvalidImage` with a sentence for a person."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from django.conf import settings
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
FORMATS_IN_WORDS = "JPEG, PNG, WebP, BMP or TIFF"
ACCEPT = "image/jpeg,image/png,image/webp,image/bmp,image/tiff"
THUMBNAIL_SIDE = 320
#: A progressive JPEG is written in about ten scans; each one takes the time of a whole picture.
JPEG_SCANS = 1000
START_OF_SCAN = b"\xff\xda"

# Pillow has a limit of its own, and only warns of a picture between one and two times it.
Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, settings.UPLOAD_MAX_PIXELS)
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Pillow writes parts of a broken file's content to its debug and warning logs.
logging.getLogger("PIL").setLevel(logging.ERROR)

# Decoding the largest picture takes a few hundred megabytes: not for every thread at a time.
_decoding = threading.BoundedSemaphore(2)


class InvalidImage(Exception):
    """The file is no picture that can be analysed.

    Attributes:
        reason: why, in a word that is counted; the message says it to the person.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Readable(Protocol):
    """Anything that gives bytes: a file on disk or an uploaded one."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class CleanImage:
    """A picture that holds nothing but its pixels.

    Attributes:
        image: the decoded picture, mode RGB, upright.
        content: the same re-encoded, without metadata: JPEG from JPEG, else PNG.
        extension: ``jpg`` or ``png``.
        thumbnail: its centre square as a small JPEG.
    """

    image: Image.Image
    content: bytes
    extension: str
    thumbnail: bytes


def open_image(stream: Readable) -> CleanImage:
    """Check, decode and clean one uploaded file.

    Args:
        stream: the file, at its beginning.

    Raises:
        InvalidImage: too large, of another format, damaged, animated or too small.
    """
    data = stream.read(settings.UPLOAD_MAX_BYTES + 1)
    if not data:
        raise InvalidImage("empty", "The file is empty. Please choose the picture again.")
    if len(data) > settings.UPLOAD_MAX_BYTES:
        megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
        raise InvalidImage(
            "too_many_bytes", f"The file is larger than {megabytes} MB. Please send a smaller one."
        )
    with _decoding:
        image, original_format = _decode(data)
        return _encode(image, original_format)


def _decode(data: bytes) -> tuple[Image.Image, str]:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_shape(opened)
            _check_scans(opened, data)
            opened.load()
            return _upright_rgb(opened), opened.format or ""
    except UnidentifiedImageError:
        raise InvalidImage(
            "not_a_picture",
            f"This is not a picture we can read. Please send a {FORMATS_IN_WORDS} file.",
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except InvalidImage:
        raise
    # Pillow's decoders answer damaged files with almost any exception.
    except Exception:
        raise InvalidImage(
            "damaged",
            "The file is damaged or incomplete. Please export or download the picture again.",
        ) from None


def _check_shape(opened: Image.Image) -> None:
    if opened.width * opened.height > settings.UPLOAD_MAX_PIXELS:
        raise _too_many_pixels()
    if min(opened.size) < settings.UPLOAD_MIN_SIDE:
        side = settings.UPLOAD_MIN_SIDE
        raise InvalidImage(
            "too_small",
            f"The picture is only {opened.width} x {opened.height} pixels. "
            f"Please send one of at least {side} x {side}.",
        )
    # A phone's JPEG may carry a second picture for depth (MPO); its first is the photo.
    # Never ask for ``n_frames``: of a TIFF it walks through all of a million pages.
    if getattr(opened, "is_animated", False) and opened.format != "MPO":
        raise InvalidImage(
            "several_pictures",
            "The file holds several pictures or an animation. Please send a single picture.",
        )


def _check_scans(opened: Image.Image, data: bytes) -> None:
    # Pixels never hold these two bytes, but what a phone appends to a picture may, by chance.
    if opened.format in ("JPEG", "MPO") and data.count(START_OF_SCAN) > JPEG_SCANS:
        raise InvalidImage(
            "too_many_passes",
            "The picture is stored in too many passes to read. Please export it again.",
        )


def _too_many_pixels() -> InvalidImage:
    megapixels = settings.UPLOAD_MAX_PIXELS // 1_000_000
    return InvalidImage(
        "too_many_pixels",
        f"The picture has more than {megapixels} megapixels. Please send a smaller one.",
    )


def _upright(opened: Image.Image) -> Image.Image:
    """Turn the picture by its EXIF orientation, if that can be read."""
    try:
        opened.getexif()
    # Bad metadata is no reason to refuse a picture whose pixels are whole.
    except Exception:
        return opened
    # It is read now. Pillow would write the rest of it anew, and fail on a camera's odd tags.
    for name in ("exif", "Raw profile type exif"):
        opened.info.pop(name, None)
    return ImageOps.exif_transpose(opened)


def _upright_rgb(opened: Image.Image) -> Image.Image:
    image = _upright(opened)
    if image.mode.startswith("I;16"):
        # Pillow's own conversion cuts 16-bit values off at 255 instead of scaling them.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise InvalidImage(
            "not_8_bit",
            "The picture stores numbers rather than colours. Please export it as an 8-bit picture.",
        )
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    if image.mode in ("P", "RGBA"):
        image = image.convert("RGB")
    rgb = _in_srgb(image, opened.info.get("icc_profile")).convert("RGB")
    # Pillow copies metadata along with pixels; a picture made from the bytes has none.
    return Image.frombytes("RGB", rgb.size, rgb.tobytes())


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return ``image`` in the sRGB colours that the networks were trained on."""
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile: the colours as they are stored
    assert converted is not None  # only an in-place conversion returns None
    return converted


def _encode(image: Image.Image, original_format: str) -> CleanImage:
    content = io.BytesIO()
    if original_format in ("JPEG", "MPO"):
        extension = "jpg"
        image.save(content, "JPEG", quality=95, subsampling="4:4:4")
    else:
        extension = "png"
        image.save(content, "PNG", compress_level=1)
    small = ImageOps.fit(image, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    thumbnail = io.BytesIO()
    small.save(thumbnail, "JPEG", quality=85)
    return CleanImage(image, content.getvalue(), extension, thumbnail.getvalue())
