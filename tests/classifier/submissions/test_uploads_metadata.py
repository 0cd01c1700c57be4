"""All that a file says beside its pixels is gone from the picture and from the thumbnail."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from classifier.uploads import CleanImage, open_image
from tests.classifier import pictures
from tests.classifier.pictures import encode, jpeg_segments, lesion, png_chunks, with_jpeg_segment
from tests.lesions import render

SECRET = "planted-52.5163N-13.3777E"

#: Our JPEG files hold application data, quantisation, frame and Huffman tables, and nothing else.
JPEG_MARKERS = {0xE0, 0xDB, 0xC0, 0xC4}
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>{SECRET}</a></x:xmpmeta>'.encode()
IPTC = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", 5 + len(SECRET))
IPTC += b"\x1c\x02\x78" + struct.pack(">H", len(SECRET)) + SECRET.encode()


def exif() -> Image.Exif:
    data = Image.Exif()
    data[ExifTags.Base.ImageDescription] = SECRET
    data[ExifTags.Base.Artist] = SECRET
    data[ExifTags.Base.Orientation] = 6
    data.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = SECRET.encode()
    data.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (52.0, 30.0, 58.7),
            ExifTags.GPS.GPSProcessingMethod: SECRET.encode(),
        }
    )
    return data


def with_everything(kind: str) -> bytes:
    """Return a lesion with planted text in everything that a format can hold beside pixels."""
    profile = pictures.adobe_rgb() + SECRET.encode()
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", SECRET)
        text.add_itxt("XML:com.adobe.xmp", SECRET)
        text.add_text("Author", SECRET, zip=True)
        text.add(b"prVt", SECRET.encode(), after_idat=True)
        return lesion("PNG", pnginfo=text, exif=exif(), icc_profile=profile) + SECRET.encode()
    if kind == "TIFF":
        return pictures.tagged_tiff(
            t270=SECRET, t315=SECRET, t33432=SECRET, t700=XMP, t37724=IPTC, t65000=SECRET
        )
    if kind == "WEBP":
        return lesion("WEBP", exif=exif(), xmp=XMP, icc_profile=profile)
    data = lesion("JPEG", exif=exif(), xmp=XMP, icc_profile=profile, comment=SECRET)
    for marker in (0xED, 0xE5, 0xEF):
        data = with_jpeg_segment(data, marker, IPTC)
    return data + SECRET.encode()


def assert_nothing_but_pixels(cleaned: CleanImage) -> None:
    for content in (cleaned.content, cleaned.thumbnail):
        assert SECRET.encode() not in content
        with Image.open(io.BytesIO(content)) as opened:
            opened.load()
            assert opened.mode == "RGB"
            assert not opened.getexif()
            assert opened.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        if content.startswith(b"\xff\xd8"):
            assert jpeg_segments(content) <= JPEG_MARKERS
            assert content.endswith(b"\xff\xd9")
        else:
            assert png_chunks(content) == {b"IHDR", b"IDAT", b"IEND"}
            assert content.endswith(pictures.png_chunk(b"IEND", b""))
    assert cleaned.image.info == {}
    assert not cleaned.image.getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_gps_xmp_iptc_profiles_comments_and_unknown_chunks(kind):
    data = with_everything(kind)
    assert SECRET.encode() in data
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.getexif()
    cleaned = open_image(io.BytesIO(data))
    assert_nothing_but_pixels(cleaned)
    assert cleaned.image.size == (pictures.SIZE if kind == "TIFF" else pictures.SIZE[::-1])


def test_multi_picture_data_of_a_phone():
    data = encode(
        render(0, pictures.SIZE),
        "MPO",
        save_all=True,
        append_images=[render(1, pictures.SIZE)],
        exif=exif(),
    )
    cleaned = open_image(io.BytesIO(data))
    assert_nothing_but_pixels(cleaned)
    assert cleaned.content.count(b"\xff\xd8\xff") == 1


def test_the_thumbnail_a_camera_stores_beside_the_picture():
    hidden = lesion("JPEG", comment=SECRET)
    data = with_jpeg_segment(lesion(), 0xE1, b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0" + hidden)
    cleaned = open_image(io.BytesIO(data))
    assert_nothing_but_pixels(cleaned)
    assert hidden[:60] not in cleaned.content


def test_colours_of_a_palette_that_no_pixel_has():
    picture = Image.new("P", (40, 40))
    picture.putpalette([10, 20, 30, *SECRET.encode().ljust(30)])
    data = encode(picture, "PNG", bits=8)
    assert SECRET.encode() in data
    assert_nothing_but_pixels(open_image(io.BytesIO(data)))


def test_colours_below_transparent_pixels():
    picture = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    text = np.frombuffer(SECRET.encode().ljust(64 * 3), np.uint8).reshape(64, 3)
    pixels = np.array(picture)
    pixels[0, :, :3] = text
    cleaned = open_image(io.BytesIO(encode(Image.fromarray(pixels), "PNG")))
    assert np.asarray(cleaned.image).min() == 255


def test_bytes_hidden_in_the_pixel_data_of_a_png():
    rows = b"".join(b"\0" + bytes([row] * 3 * 40) for row in range(40))
    # Decoders stop at the last row and never look at what follows it.
    hidden = pictures.png(40, 40, 8, 2, rows + SECRET.encode())
    cleaned = open_image(io.BytesIO(hidden))
    length = int.from_bytes(cleaned.content[33:37], "big")
    assert SECRET.encode() not in zlib.decompress(cleaned.content[41 : 41 + length])
    assert_nothing_but_pixels(cleaned)
