"""This makes picture files of every kind, down to bytes that Pillow itself does not write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from tests.lesions import render

SIZE = (96, 64)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def lesion(kind: str = "JPEG", **options: Any) -> bytes:
    """Return a generated lesion as a file of ``kind``."""
    return encode(render(size=SIZE), kind, **options)


def quarters(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Return red, green, blue and white quarters, so that turning or mirroring them shows."""
    image = Image.new("RGB", size, "red")
    width, height = size[0] // 2, size[1] // 2
    image.paste("lime", (width, 0, *(2 * width, height)))
    image.paste("blue", (0, height, *(width, 2 * height)))
    image.paste("white", (width, height, *(2 * width, 2 * height)))
    return image


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """Return a PNG of raw ``rows``, each with its filter byte; ``colour`` is PNG's colour type."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = b"".join([png_chunk(b"IHDR", header), *extra])
    data += png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + _crc(kind + content)


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def png_bomb(width: int, height: int) -> bytes:
    """Return a whole black PNG of one bit a pixel, which unpacks to a thousand times its bytes."""
    return png(width, height, 1, 0, (b"\0" * (1 + (width + 7) // 8)) * height)


def png_header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG, which only promises so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


def jpeg_header(width: int, height: int) -> bytes:
    """Return the beginning of a JPEG, which only promises so many pixels."""
    whole = encode(Image.new("RGB", (8, 8)), "JPEG")
    start = whole.index(b"\xff\xc0") + 5
    return whole[:start] + struct.pack(">HH", height, width) + whole[start + 4 : -4]


def grey_ramp_16(width: int = 256, height: int = 64) -> np.ndarray:
    """Return every grey of 16 bits from black to white, evenly."""
    return np.tile(np.linspace(0, 65535, width).astype(np.uint16), (height, 1))


def rgb_png_16() -> bytes:
    """Return `grey_ramp_16` as a PNG of three channels of 16 bits."""
    ramp = grey_ramp_16()
    rows = np.repeat(ramp[..., None], 3, axis=2).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    return png(ramp.shape[1], ramp.shape[0], 16, 2, raw)


def rgb_tiff_16(order: str = "<") -> bytes:
    """Return `grey_ramp_16` in three channels of 16 bits, little (``<``) or big (``>``) endian."""
    ramp = grey_ramp_16()
    pixels = np.repeat(ramp[..., None], 3, axis=2).astype(f"{order}u2").tobytes()
    height, width = ramp.shape
    tags = [
        (256, "H", width),
        (257, "H", height),
        (258, "I", 8),  # bits a sample, where the three numbers are
        (259, "H", 1),
        (262, "H", 2),
        (273, "I", 14),
        (277, "H", 3),
        (278, "H", height),
        (279, "I", len(pixels)),
    ]
    mark = b"II*\0" if order == "<" else b"MM\0*"
    data = mark + struct.pack(f"{order}I3H", 14 + len(pixels), 16, 16, 16) + pixels
    data += struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        count = 3 if tag == 258 else 1
        packed = struct.pack(f"{order}{kind}", value).ljust(4, b"\0")
        data += struct.pack(f"{order}HHI", tag, 3 if kind == "H" or tag == 258 else 4, count)
        data += packed
    return data + struct.pack(f"{order}I", 0)


def endless_tiff(pages: int) -> bytes:
    """Return a TIFF of ``pages`` tiny pages after its first one."""
    data = bytearray(encode(render(size=SIZE), "TIFF"))
    data += b"\0" * (len(data) % 2)
    first = struct.unpack_from("<I", data, 4)[0]
    tags = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * tags, len(data))
    entries = [(256, 3, 64), (257, 3, 64), (273, 4, 8)]
    page = struct.pack("<H", len(entries))
    page += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    for number in reversed(range(pages)):
        data += page + struct.pack("<I", number and len(data) + len(page) + 4)
    return bytes(data)


def progressive_jpeg(more_scans: int, size: tuple[int, int] = SIZE) -> bytes:
    """Return a progressive JPEG that repeats a pass over the picture ``more_scans`` times."""
    data = encode(Image.new("RGB", size, "tan"), "JPEG", progressive=True)
    scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    start, end = data.rindex(b"\xff\xc4", 0, scan), data.index(b"\xff\xc4", scan)
    return data[:end] + data[start:end] * more_scans + data[end:]


def with_jpeg_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """Return ``data`` with one more segment right after its beginning."""
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + data[2:]


def jpeg_segments(data: bytes) -> set[int]:
    """Return the markers of a JPEG up to its pixels."""
    markers, position = set(), 2
    while (marker := data[position + 1]) != 0xDA:
        markers.add(marker)
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return markers


def png_chunks(data: bytes) -> set[bytes]:
    chunks, position = set(), 8
    while position < len(data):
        chunks.add(data[position + 4 : position + 8])
        position += 12 + int.from_bytes(data[position : position + 4], "big")
    return chunks


def adobe_rgb() -> bytes:
    """Return an ICC profile with the primaries of Adobe RGB (1998), which is wider than sRGB."""
    s15 = lambda *values: struct.pack(f">{len(values)}i", *(round(65536 * v) for v in values))  # noqa: E731
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * ADOBE_GAMMA)) + b"\0\0"
    name = b"Wide gamut of a test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0" + b"none\0",
        b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1.0, 0.8249),
    }
    for index, letter in enumerate("rgb"):
        tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + s15(*ADOBE_TO_XYZ[:, index])
        tags[f"{letter}TRC".encode()] = curve
    table, content, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", tag, start + len(content), len(value))
        content += padded
    header = struct.pack(">I4sI4s4s4s", start + len(content), bytes(4), 0x02100000, *ICC_KINDS)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += s15(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + content


ICC_KINDS = (b"mntr", b"RGB ", b"XYZ ")
ADOBE_GAMMA = 563 / 256
#: This takes linear Adobe RGB (1998) to XYZ, as in section 4.3.5.3 adapted to D50 (Lindbloom).
ADOBE_TO_XYZ = np.array(
    [
        [0.6097559, 0.2052401, 0.1492240],
        [0.3111242, 0.6256560, 0.0632197],
        [0.0194811, 0.0608902, 0.7448387],
    ]
)
#: This takes XYZ at D50 to linear sRGB (Lindbloom).
XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def adobe_to_srgb(pixels: np.ndarray) -> np.ndarray:
    """Return the sRGB numbers of Adobe RGB ``pixels``, computed from the two definitions."""
    linear = XYZ_TO_SRGB @ ADOBE_TO_XYZ @ ((pixels.reshape(-1, 3) / 255) ** ADOBE_GAMMA).T
    linear = np.clip(linear.T, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * curved).reshape(pixels.shape).astype(np.uint8)


def animation(kind: str) -> bytes:
    """Return three generated lesions as the frames of one file of ``kind``."""
    frames = [render(seed=seed, size=SIZE) for seed in range(3)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)


def tiff_pages(count: int) -> bytes:
    pages = [render(seed=seed, size=SIZE) for seed in range(count)]
    return encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def tagged_tiff(**tags: Any) -> bytes:
    """Return a TIFF with ``tags``, by their numbers as ``t270=...``."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        directory[int(name[1:])] = value
    return encode(render(size=SIZE), "TIFF", tiffinfo=directory)
