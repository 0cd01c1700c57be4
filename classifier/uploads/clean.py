"""Decode a picture and write it anew, so that nothing but its pixels is kept."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from PIL import Image, ImageOps, UnidentifiedImageError

from classifier.uploads import refusals
from classifier.uploads.limits import FORMATS, FORMATS_IN_WORDS, KEPT_BYTES, SMALL_NEED, Limits
from classifier.uploads.plan import Plan, check_promises, is_redrawn, make_plan, orientation_of
from classifier.uploads.redraw import redraw
from classifier.uploads.refusals import InvalidImage

THUMBNAIL_SIDE = 320
#: A picture with a longer side than this has a smaller copy for pages.
COPY_SIDE = 1600
#: A lossy picture is written in the first of these ways that gives a file that is small enough.
QUALITIES = ((95, "4:4:4"), (85, "4:2:0"), (70, "4:2:0"))
#: A picture with one of these EXIF orientations is turned upright in this way.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

warnings.simplefilter("error", Image.DecompressionBombWarning)
# Pillow writes parts of a broken file's content to its debug and warning logs.
logging.getLogger("PIL").setLevel(logging.ERROR)


class Readable(Protocol):
    """Gives bytes, as a file on disk or an uploaded one does."""

    def read(self, size: int, /) -> bytes: ...


class NotSmall(Exception):
    """Only small pictures were to be decoded, and this one is not. Nothing is wrong with it."""


@dataclass(frozen=True)
class CleanImage:
    """Holds a picture and nothing but its pixels.

    Attributes:
        image: the decoded picture, mode RGB, upright.
        content: the same picture, encoded anew without metadata. It is a JPEG where the file was
            one or where a PNG would be too large, else a PNG.
        extension: ``jpg`` or ``png``.
        copy: a JPEG of at most `COPY_SIDE` pixels; empty where the picture has no more itself.
        thumbnail: its centre square as a small JPEG.
        scale: its pixels for each pixel of the picture that was sent in, at most 1.
    """

    image: Image.Image
    content: bytes
    extension: str
    copy: bytes
    thumbnail: bytes
    scale: float


def open_image(stream: Readable) -> CleanImage:
    """Check, decode and clean one file in this process; `decoders` does it apart from the site.

    Args:
        stream: the file, at its beginning.

    Raises:
        InvalidImage: the file is too large, of another format, damaged, animated or too small.
    """
    limits = Limits.of_the_site()
    data = stream.read(limits.max_bytes + 1)
    limits.check_bytes(len(data))
    clean = clean_image(data, limits)
    # Pillow keeps what it has read from a file with its picture. One that is made from the pixels
    # has nothing else.
    bare = Image.frombytes("RGB", clean.image.size, clean.image.tobytes())
    return replace(clean, image=bare)


def clean_image(data: bytes, limits: Limits, *, small: bool = False) -> CleanImage:
    """Check, decode and clean the picture in ``data``.

    Args:
        data: a whole file.
        limits: what may be sent in.
        small: whether to decode the picture only if it needs little memory and time.

    Raises:
        InvalidImage: the file is of another format, damaged, animated, too large or too small.
        NotSmall: the picture needs more than that.
    """
    # Pillow has a limit of its own. It only warns of a picture between once and twice that limit.
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, limits.max_pixels)
    with _refusals(limits):
        if check_promises(data, limits) > SMALL_NEED and small:
            raise NotSmall
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            lossy, longest = opened.format in ("JPEG", "MPO"), max(opened.size)
            plan = make_plan(opened, data, limits)
            if small and not plan.is_small:
                raise NotSmall
            image = _decode(opened, plan)
    return _encode(image, longest, lossy=lossy, most=max(KEPT_BYTES, 2 * len(data)))


@contextmanager
def _refusals(limits: Limits) -> Iterator[None]:
    """Turn whatever a decoder raises into an `InvalidImage` that says what is wrong."""
    try:
        yield
    except UnidentifiedImageError:
        raise InvalidImage(
            "not_a_picture",
            f"This is not a picture we can read. Please send a {FORMATS_IN_WORDS} file.",
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refusals.too_many_pixels(limits.max_pixels) from None
    except (InvalidImage, NotSmall):
        raise
    except MemoryError:
        raise refusals.too_much_memory() from None
    # Pillow's decoders answer damaged files with almost any exception.
    except Exception:
        raise refusals.damaged() from None


def _decode(opened: Image.Image, plan: Plan) -> Image.Image:
    if plan.coarseness > 1:
        wanted = (opened.width // plan.coarseness, opened.height // plan.coarseness)
        opened.draft(None, wanted)
    opened.load()
    turned = UPRIGHT.get(orientation_of(opened))
    image = redraw(opened) if is_redrawn(opened, opened.size) else opened
    # Without this, what the file says beside its pixels would be written too.
    opened.info.clear()
    return image.transpose(turned) if turned is not None else image


def _encode(image: Image.Image, longest: int, *, lossy: bool, most: int) -> CleanImage:
    fitted = ImageOps.fit(image, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    thumbnail, copy = _as_jpeg(fitted), _copy(image)
    image, content, extension = _write(image, lossy, most - len(thumbnail) - len(copy))
    return CleanImage(image, content, extension, copy, thumbnail, max(image.size) / longest)


def _copy(image: Image.Image) -> bytes:
    """Return the smaller copy, which is empty where ``image`` is small enough."""
    # The mean of whole squares of pixels takes no memory but that of the copy.
    coarseness = -(-max(image.size) // COPY_SIDE)
    return _as_jpeg(image.reduce(coarseness)) if coarseness > 1 else b""


def _as_jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _write(image: Image.Image, lossy: bool, most: int) -> tuple[Image.Image, bytes, str]:
    """Return ``image`` as a file of at most ``most`` bytes, with fewer pixels where it must be."""
    if not lossy and (content := _written(image, most, "PNG", compress_level=1)):
        return image, content, "png"
    while True:
        for quality, subsampling in QUALITIES:
            options = {"quality": quality, "subsampling": subsampling}
            if content := _written(image, most, "JPEG", **options):
                return image, content, "jpg"
        image = image.reduce(2)


class _TooLarge(Exception):
    """A file has become larger than it may be."""


class _Limited(io.BytesIO):
    """Keeps a file in memory, and raises an error when too much is written into it."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.most:
            raise _TooLarge
        return super().write(data)


def _written(image: Image.Image, most: int, kind: str, **options: Any) -> bytes | None:
    stream = _Limited(most)
    try:
        image.save(stream, kind, **options)
    except _TooLarge:
        return None
    return stream.getvalue()
