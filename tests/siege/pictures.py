"""These are the files that attackers send, each the worst of its kind."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from tests.bench.web_memory import largest_pictures
from tests.classifier.pictures import (
    encode,
    endless_tiff,
    jpeg_header,
    lesion,
    png_bomb,
    png_header,
    progressive_jpeg,
)
from tests.lesions import judged

Files = list[tuple[str, bytes]]
#: A file may have so many bytes, and a JPEG so many pixels on each side.
LARGEST_FILE, LARGEST_SIDE = 20 * 1024**2, 7071
#: A picture of this side is kept as it is, and no larger one is kept.
KEPT_SIDE = 4096


def attacks() -> dict[str, Files]:
    """Return the files of one request of each attack, by what they are."""
    padded = judged() + bytes(LARGEST_FILE - len(judged()))
    flat = encode(Image.new("RGB", (LARGEST_SIDE, LARGEST_SIDE), "tan"), "JPEG")
    kept = encode(Image.new("RGB", (KEPT_SIDE, KEPT_SIDE), "tan"), "JPEG")
    return {
        "four files of 20 MB": _named([padded] * 4),
        "six large pictures, small on disk": _named([flat] * 6),
        "a worker's batch of the largest": _named([kept] * 14),
        "the largest of each format": largest_pictures(),
        "twenty files of 20 MB": _named([padded] * 20),
        "refused at the door": _named(_refused(padded)),
        "pictures that cost time": _named([progressive_jpeg(400, (3000, 2000))] * 13),
        "pictures that fill the storage": _named([_noise()] * 8),
    }


def _named(contents: list[bytes]) -> Files:
    return [(f"{number}.jpg", content) for number, content in enumerate(contents)]


def _refused(padded: bytes) -> list[bytes]:
    bombs = [png_bomb(9000, 9000), png_header(60_000, 60_000), jpeg_header(65_000, 65_000)]
    others = [endless_tiff(50), lesion("GIF"), lesion("AVIF"), b"%PDF-1.7", b"", padded + b"x"]
    return bombs + others


def _noise() -> bytes:
    """Return a picture of which hardly a byte can be saved."""
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=85)
    return stream.getvalue()
