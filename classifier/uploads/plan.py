"""Tell from a file's first bytes whether its picture may be decoded, and what that will need.

Pillow decodes a picture as a whole, at four bytes a pixel. What its decoders hold beside that was
measured at 50 megapixels: nothing for PNG and BMP, a whole strip for TIFF, and three further
pictures for WebP. Pillow can read a JPEG at a half or a quarter of its lines. A JPEG that is stored
in passes is in memory as a whole before the first line is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, JpegImagePlugin

from classifier.uploads import refusals
from classifier.uploads.limits import LARGEST_NEED, LONGEST_SIDE, SMALL_NEED, SMALL_PIXELS, Limits
from classifier.uploads.refusals import InvalidImage

#: A JPEG may have this many scans. A progressive one is written in about ten, and each scan takes
#: the time of a whole picture.
JPEG_SCANS = 1000
START_OF_SCAN = b"\xff\xda"
ORIENTATION = 0x0112
#: These formats cannot be read in parts. With at most so many pixels, they need no more than a JPEG
#: may need.
MAX_PIXELS = {"PNG": 36_000_000, "BMP": 36_000_000, "TIFF": 25_000_000, "WEBP": 12_000_000}
BYTES_A_PIXEL = {"PNG": 4, "BMP": 4, "TIFF": 8, "WEBP": 17}
#: A JPEG with more pixels is read at half its size. That is twice as fast, and the result is still
#: larger than a screen.
JPEG_AT_ONCE = 25_000_000
COARSEST = 4


@dataclass(frozen=True)
class Plan:
    """Holds how a picture will be decoded.

    Attributes:
        coarseness: 1, 2 or 4. A JPEG is read at its size divided by this.
        need: bytes of memory that decoding takes at most.
        is_small: whether it needs so little memory and time that nobody minds waiting for it.
    """

    coarseness: int
    need: int
    is_small: bool


def check_promises(data: bytes, limits: Limits) -> int:
    """Return the memory that opening the file will need, which is much for a WebP.

    The decoder of WebP makes room for all pixels as soon as the file is opened.

    Raises:
        InvalidImage: the file promises too many pixels.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0
    width, height = _webp_size(data)
    _check_pixels(width * height, "WEBP", limits)
    return 2 * len(data) + BYTES_A_PIXEL["WEBP"] * width * height


def make_plan(opened: Image.Image, data: bytes, limits: Limits) -> Plan:
    """Return how ``opened`` will be decoded, before any of its pixels are.

    Raises:
        InvalidImage: the picture may not be decoded.
    """
    _check_shape(opened, limits)
    kind = opened.format or ""
    if isinstance(opened, JpegImagePlugin.JpegImageFile):
        return _plan_jpeg(opened, data)
    pixels = opened.width * opened.height
    return _plan(pixels, _need(opened, data, pixels * BYTES_A_PIXEL[kind], 1), 1)


def _plan(pixels: int, need: int, coarseness: int) -> Plan:
    return Plan(coarseness, need, pixels <= SMALL_PIXELS and need <= SMALL_NEED)


def _check_shape(opened: Image.Image, limits: Limits) -> None:
    _check_pixels(opened.width * opened.height, opened.format or "", limits)
    if min(opened.size) < limits.min_side:
        raise InvalidImage(
            "too_small",
            f"The picture is only {opened.width} x {opened.height} pixels. "
            f"Please send one of at least {limits.min_side} x {limits.min_side}.",
        )
    if min(opened.size) * LONGEST_SIDE < limits.min_side * max(opened.size):
        raise InvalidImage(
            "too_narrow",
            f"The picture is {opened.width} x {opened.height} pixels, which is too narrow. "
            "Please cut it to the spot and some skin around it.",
        )
    # A phone's JPEG may carry a second picture for depth (MPO). Its first picture is the photo.
    # ``n_frames`` is never asked for, since it walks through all pages of a TIFF, even a million.
    if getattr(opened, "is_animated", False) and opened.format != "MPO":
        raise InvalidImage(
            "several_pictures",
            "The file holds several pictures or an animation. Please send a single picture.",
        )
    if opened.mode in ("I", "F"):
        raise InvalidImage(
            "not_8_bit",
            "The picture stores numbers rather than colours. Please export it as an 8-bit picture.",
        )


def _check_pixels(pixels: int, kind: str, limits: Limits) -> None:
    if pixels > limits.max_pixels:
        raise refusals.too_many_pixels(limits.max_pixels)
    if pixels > MAX_PIXELS.get(kind, limits.max_pixels):
        raise refusals.too_many_pixels(MAX_PIXELS[kind], "WebP" if kind == "WEBP" else kind)


def _plan_jpeg(opened: JpegImagePlugin.JpegImageFile, data: bytes) -> Plan:
    # Pixels never hold these two bytes, but what a phone appends to a picture may, by chance.
    if data.count(START_OF_SCAN) > JPEG_SCANS:
        raise InvalidImage(
            "too_many_passes",
            "The picture is stored in too many passes to read. Please export it again.",
        )
    pixels, stored = opened.width * opened.height, _bytes_in_passes(opened, data)
    coarseness = 1
    # The JPEG is read at a smaller size as long as this leaves as many pixels as are kept.
    while max(opened.size) >= 2 * coarseness * LONGEST_SIDE and coarseness < COARSEST:
        coarseness *= 2
    if pixels > JPEG_AT_ONCE * coarseness**2:
        coarseness *= 2
    while True:
        need = _need(opened, data, stored + 4 * pixels // coarseness**2, coarseness)
        if need <= LARGEST_NEED:
            return _plan(pixels, need, coarseness)
        if coarseness >= COARSEST:
            raise refusals.too_many_for_passes() if stored else refusals.too_much_memory()
        coarseness *= 2


def _need(opened: Image.Image, data: bytes, decoded: int, coarseness: int) -> int:
    """Return the bytes that the file, the decoded picture, a redrawn one and the result need."""
    size = (-(-opened.width // coarseness), -(-opened.height // coarseness))
    redrawn = 0
    if is_redrawn(opened, size) or (
        # Only a JPEG says before it is decoded how it must be turned. Any other picture may need
        # the room.
        opened.format not in ("JPEG", "MPO") or orientation_of(opened) != 1
    ):
        width, height = kept_size(size)
        redrawn = 4 * width * height
    return 2 * len(data) + decoded + redrawn


def is_redrawn(opened: Image.Image, size: tuple[int, int]) -> bool:
    """Return whether the pixels must be changed, other than by turning, before they are kept."""
    return (
        opened.mode != "RGB"
        or opened.has_transparency_data
        or bool(opened.info.get("icc_profile"))
        or kept_size(size) != size
    )


def kept_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which a picture of ``size`` is kept."""
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def orientation_of(opened: Image.Image) -> int:
    """Return the EXIF orientation of ``opened``, from 1 to 8.

    It is 1, which is upright, where it cannot be read.
    """
    try:
        found = opened.getexif().get(ORIENTATION, 1)
    # Bad metadata is no reason to refuse a picture whose pixels are whole.
    except Exception:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _bytes_in_passes(opened: JpegImagePlugin.JpegImageFile, data: bytes) -> int:
    """Return how many bytes libjpeg holds of a JPEG that is stored in passes; 0 for a plain one."""
    if "progressive" not in opened.info and _components_of_first_scan(data) >= len(opened.layer):
        return 0
    factors = [(across, down) for _, across, down, _ in opened.layer]
    widest = max(across for across, _ in factors) * max(down for _, down in factors)
    samples = opened.width * opened.height * sum(across * down for across, down in factors)
    return 2 * samples // max(1, widest)


def _components_of_first_scan(data: bytes) -> int:
    position = 2
    while data[position : position + 2] != START_OF_SCAN and position + 4 <= len(data):
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return data[position + 4] if position + 4 < len(data) else 0


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return the size that the first part of a WebP promises.

    It is 0 x 0 where that part belongs to no picture.
    """
    kind = data[12:16]
    number = lambda start, end: int.from_bytes(data[start:end], "little")  # noqa: E731
    if kind == b"VP8X":
        return number(24, 27) + 1, number(27, 30) + 1
    if kind == b"VP8L":
        return (number(21, 25) & 0x3FFF) + 1, (number(21, 25) >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return number(26, 28) & 0x3FFF, number(28, 30) & 0x3FFF
    return 0, 0
