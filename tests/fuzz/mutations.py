"""These functions damage files and forms, as a `random.Random` decides."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from PIL import Image

from tests.classifier.pictures import (
    SIZE,
    adobe_rgb,
    animation,
    encode,
    endless_tiff,
    grey_ramp_16,
    lesion,
    png_bomb,
    png_header,
    progressive_jpeg,
    rgb_png_16,
    rgb_tiff_16,
)
from tests.lesions import judged, render

#: These values overflow, or nearly do.
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def seeds() -> list[bytes]:
    """Return files of every kind that the site reads, and some that are hostile as they are."""
    kinds = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
    whole = [lesion(kind) for kind in kinds] + [judged(seed) for seed in range(3)]
    packed = [lesion("TIFF", compression=name) for name in ("tiff_lzw", "jpeg", "tiff_deflate")]
    hostile = [png_bomb(9000, 9000), png_header(60_000, 60_000), endless_tiff(50)]
    others = [lesion("GIF"), lesion("ICO"), lesion("AVIF"), progressive_jpeg(20), b"%PDF-1.7", b""]
    moving = [animation(kind) for kind in ("GIF", "WEBP", "PNG", "AVIF")]
    deep = [rgb_tiff_16(), rgb_png_16(), encode(Image.fromarray(grey_ramp_16()), "PNG")]
    return whole + packed + hostile + others + moving + deep + _coloured()


def _coloured() -> list[bytes]:
    """Return files whose colours must be converted: of ink, of a profile, and of both."""
    inks, profile = render(size=SIZE).convert("CMYK"), adobe_rgb()
    found = [encode(inks, kind) for kind in ("JPEG", "TIFF")]
    found += [lesion(kind, icc_profile=profile) for kind in ("JPEG", "PNG", "WEBP", "TIFF")]
    return [*found, encode(inks, "JPEG", icc_profile=profile)]


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 16, 256))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def put_extreme(data: bytes, chance: random.Random) -> bytes:
    value, order = chance.choice(EXTREMES), chance.choice("<>")
    packed = struct.pack(f"{order}I", value)[: chance.choice((2, 4))]
    # A place near the beginning is likelier, as most numbers that mean something stand there.
    place = chance.randrange(min(len(data), chance.choice((32, 256, len(data)))))
    return data[:place] + packed + data[place + len(packed) :]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def remove(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randrange(1, 512) :]


def repeat(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.randrange(1, 512)]
    return data[:start] + piece * chance.choice((2, 10, 1000)) + data[start:]


def insert_noise(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + chance.randbytes(chance.choice((1, 16, 4096))) + data[place:]


def noise(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.choice((0, 4, 32))] + chance.randbytes(chance.randrange(1, 65_536))


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip_bits,
    put_extreme,
    cut,
    remove,
    repeat,
    insert_noise,
    noise,
)


def damaged(files: list[bytes], chance: random.Random) -> bytes:
    """Return one of ``files`` with up to three damages, or with the end of another one."""
    data = chance.choice(files)
    if chance.random() < 0.05:
        return data[: len(data) // 2] + chance.choice(files)
    for _ in range(chance.randint(0, 3)):
        if data:
            data = chance.choice(DAMAGES)(data, chance)
    return data


NAMES = (
    "a.jpg",
    "../../etc/passwd",
    "x" * 900 + ".png",
    "\u202egpj.exe",
    "a\\b\\c.svg",
    "<script>.jpg",
    "'; DROP TABLE--",
    "\U0001f642" * 100,
    " ",
    "con.php.jpg",
)
SCALES = ("", "0", "-1", "nan", "inf", "1e309", "42.5", "42,5", "\u0661", "x" * 10_000, "1\x002")
TYPES = ("image/jpeg", "text/html", "image/svg+xml", "x", "a/b; charset=\u00e9", "text/x-php")


def form(chance: random.Random) -> dict[str, str]:
    """Return fields that go with the files, and now and then one that the site does not have."""
    fields = {"pixels_per_mm": chance.choice(SCALES)} if chance.random() < 0.3 else {}
    if chance.random() < 0.05:
        fields |= {chance.choice(("images", "owner", "status", "id", "\x00")): "1"}
    return fields


def body(fields: dict[str, str], files: list[bytes], chance: random.Random) -> tuple[bytes, str]:
    """Return a multipart body, broken now and then, and its content type."""
    boundary = f"b{chance.getrandbits(64):x}"
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    for data in files:
        name, kind = chance.choice(NAMES), chance.choice(TYPES)
        field = "images" if chance.random() < 0.98 else "other"
        head = f'form-data; name="{field}"; filename="{name}"\r\nContent-Type: {kind}'
        parts.append(f"Content-Disposition: {head}\r\n\r\n".encode() + data)
    mark = f"--{boundary}".encode()
    whole = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    told = f"multipart/form-data; boundary={boundary}"
    if chance.random() < 0.03:
        whole = cut(whole, chance)
    if chance.random() < 0.02:
        told = chance.choice(
            ("multipart/form-data", "text/plain", "multipart/form-data; boundary=")
        )
    return whole, told
