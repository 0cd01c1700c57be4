"""Tell from a file's first bytes whether its picture may be decoded, and what that will need.

Pillow decodes a picture as a whole, at four bytes a pixel. What its decoders hold beside that was
measured at 50 megapixels: nothing for PNG and BMP, a whole strip of a TIFF, three further pictures
for WebP. Of a JPEG it can read a half or a quarter of the lines; one that is stored in passes is in
memory as a whole before the first line is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, JpegImagePlugin

from classifier.uploads import refusals
from classifier.uploads.limits import LARGEST_NEED, LONGEST_SIDE, SMALL_NEED, SMALL_PIXELS, Limits
from classifier.uploads.refusals import InvalidImage

#: A progressive JPEG is written in about ten scans; each one takes the time of a whole picture.
JPEG_SCANS = 1000
START_OF_SCAN = b"\xff\xda"
ORIENTATION = 0x0112
#: Most pixels of the formats that cannot be read in parts, so that they need what a JPEG may need.
MAX_PIXELS = {"PNG": 36_000_000, "BMP": 36_000_000, "TIFF": 25_000_000, "WEBP": 12_000_000}
BYTES_A_PIXEL = {"PNG": 4, "BMP": 4, "TIFF": 8, "WEBP": 17}
#: A JPEG with more pixels is read at half its size: twice as fast, and still larger than a screen.
JPEG_AT_ONCE = 25_000_000
COARSEST = 4


@dataclass(frozen=True)
class Plan:
    """Holds how a picture will be decoded.

    Attributes:
        coarseness: 1, 2 or 4; a JPEG is read at that fraction of its size.
        need: bytes of memory that it will take at most.
        is_small: whether it needs so little memory and time that nobody minds waiting for it.
    """

    coarseness: int
    need: int
    is_small: bool


def check_promises(data: bytes, limits: Limits) -> int:
    """Return the memory that opening the file will need, which is much for a WebP.

    Its decoder makes room for all pixels as soon as the file is opened.

    Raises:
        InvalidImage: it promises too many pixels.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0
    width, height = _webp_size(data)
    _check_pixels(width * height, "WEBP", limits)
    return 2 * len(data) + BYTES_A_PIXEL["WEBP"] * width * height


def make_plan(opened: Image.Image, data: bytes, limits: Limits) -> Plan:
    """Return how ``opened`` will be decoded; nothing of it has been yet.

    Raises:
        InvalidImage: it may not be decoded.
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
    # A phone's JPEG may carry a second picture for depth (MPO); its first is the photo.
    # Never ask for ``n_frames``: of a TIFF it walks through all of a million pages.
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
    # As long as there is as much left as is kept, or there would be more than one needs.
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
    """Return the bytes for the file, the decoded picture, one redrawn and what is written."""
    size = (-(-opened.width // coarseness), -(-opened.height // coarseness))
    redrawn = 0
    if is_redrawn(opened, size) or (
        # Where other formats say how they must be turned is known only when they are decoded.
        opened.format not in ("JPEG", "MPO") or orientation_of(opened) != 1
    ):
        width, height = kept_size(size)
        redrawn = 4 * width * height
    return 2 * len(data) + decoded + redrawn


def is_redrawn(opened: Image.Image, size: tuple[int, int]) -> bool:
    """Return whether anything but turning must be done to its pixels before they are kept."""
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
    """Return its EXIF orientation, 1 to 8; 1, which is upright, where it cannot be read."""
    try:
        found = opened.getexif().get(ORIENTATION, 1)
    # Bad metadata is no reason to refuse a picture whose pixels are whole.
    except Exception:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _bytes_in_passes(opened: JpegImagePlugin.JpegImageFile, data: bytes) -> int:
    """Return what libjpeg holds of a JPEG that is stored in passes; 0 for a plain one."""
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
    """Return the size that the first part of a WebP promises; nothing for a part of no picture."""
    kind = data[12:16]
    number = lambda start, end: int.from_bytes(data[start:end], "little")  # noqa: E731
    if kind == b"VP8X":
        return number(24, 27) + 1, number(27, 30) + 1
    if kind == b"VP8L":
        return (number(21, 25) & 0x3FFF) + 1, (number(21, 25) >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return number(26, 28) & 0x3FFF, number(28, 30) & 0x3FFF
    return 0, 0
