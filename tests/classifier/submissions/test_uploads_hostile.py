"""Files that are no pictures, are damaged or are made to hurt are each answered with a sentence."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from classifier.uploads import CleanImage, InvalidImage, open_image
from tests.classifier import pictures
from tests.classifier.pictures import encode, lesion
from tests.lesions import render

KINDS = ["JPEG", "PNG", "WEBP", "BMP", "TIFF"]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
GIF = encode(render(size=pictures.SIZE), "GIF")


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr("payload.txt", "hello from the archive")
    return stream.getvalue()


NO_PICTURES = {
    "svg": SVG,
    "svg with declaration": b'<?xml version="1.0"?>' + SVG,
    "html": HTML,
    "pdf": PDF,
    "zip": archive(),
    "gif": GIF,
    "linux program": b"\x7fELF\x02\x01\x01" + bytes(500),
    "windows program": b"MZ\x90\0" + bytes(500),
    "script": b"#!/bin/sh\nrm -rf ~\n",
    "icon": encode(render(size=(64, 64)), "ICO"),
    "jpeg 2000": encode(render(size=pictures.SIZE), "JPEG2000"),
    "portable pixmap": encode(render(size=pictures.SIZE), "PPM"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(id) run\n",
    "text": b"This is not a picture.",
    "zeros": bytes(4096),
    "one byte": b"\xff",
}
#: These files begin like another format. As other programs see only that, so does the site, and
#: the picture that follows is not found.
PREFIXED = {f"{name} then a jpeg": NO_PICTURES[name] + lesion() for name in
            ("gif", "html", "svg", "pdf", "zip", "script", "windows program")}  # fmt: skip


def refused(data: bytes) -> str:
    with pytest.raises(InvalidImage) as caught:
        open_image(io.BytesIO(data))
    return str(caught.value)


@pytest.mark.parametrize("name", NO_PICTURES | PREFIXED)
def test_what_is_no_picture_is_refused_by_its_content(name):
    reason = refused((NO_PICTURES | PREFIXED)[name])
    assert reason == (
        "This is not a picture we can read. Please send a JPEG, PNG, WebP, BMP or TIFF file."
    )


def test_an_empty_file():
    assert refused(b"") == "The file is empty. Please choose the picture again."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file(kind, share):
    data = encode(render(size=pictures.SIZE), kind, **({"quality": 95} if kind == "JPEG" else {}))
    assert "damaged or incomplete" in refused(data[: int(share * len(data))])


@pytest.mark.parametrize("appended", ["zip", "html", "pdf", "gif", "linux program"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hides_behind_a_picture_is_left_behind(kind, appended):
    hidden = NO_PICTURES[appended]
    data = lesion(kind) + hidden
    if appended == "zip":
        assert zipfile.is_zipfile(io.BytesIO(data))
    cleaned = open_image(io.BytesIO(data))
    for content in (cleaned.content, cleaned.copy, cleaned.thumbnail):
        assert hidden[:30] not in content
        assert not zipfile.is_zipfile(io.BytesIO(content))
    assert np.array_equal(np.asarray(cleaned.image), np.asarray(Image.open(io.BytesIO(data))))


def test_a_script_inside_a_picture_is_left_behind():
    data = pictures.with_jpeg_segment(lesion(), 0xFE, HTML)
    assert HTML in data
    assert HTML not in open_image(io.BytesIO(data)).content


# The sides give pictures below Pillow's own limit, between one and two times it, and beyond.
@pytest.mark.parametrize("side", [7072, 9000, 13_000, 20_000])
def test_a_decompression_bomb_of_a_few_kilobytes(side):
    data = pictures.png_bomb(side, side)
    assert len(data) < side * side / 6000
    assert refused(data) == ("The picture has more than 50 megapixels. Please send a smaller one.")


@pytest.mark.parametrize("size", [(7072, 7072), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_dimensions_are_read_before_pixels(size):
    # The file has no pixels, so that it would be called damaged if the site had looked for them.
    assert "more than 50 megapixels" in refused(pictures.png_header(*size))


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "WEBP", "TIFF"])
def test_the_pixel_limit_holds_for_every_format(kind):
    with override_settings(UPLOAD_MAX_PIXELS=pictures.SIZE[0] * pictures.SIZE[1] - 1):
        assert "megapixels" in refused(lesion(kind))


def test_a_file_that_is_too_large_is_not_read_to_its_end():
    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            return bytes(size)

    stream = Endless()
    limit = override_settings(UPLOAD_MAX_BYTES=3 * 1024**2)
    with limit, pytest.raises(InvalidImage, match="larger than 3 MB"):
        open_image(stream)
    assert stream.given == 3 * 1024**2 + 1


def test_a_whole_picture_in_a_file_that_is_too_large():
    data = lesion() + bytes(20 * 1024**2)
    assert refused(data) == "The file is larger than 20 MB. Please send a smaller one."


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (400, 31)])
def test_a_picture_too_small_to_tell_anything(size):
    reason = refused(encode(render(size=size), "PNG"))
    assert reason.startswith(f"The picture is only {size[0]} x {size[1]} pixels.")


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation(kind):
    assert "several pictures or an animation" in refused(pictures.animation(kind))


def test_a_tiff_of_several_pages():
    assert "several pictures" in refused(pictures.tiff_pages(2))


def test_the_pages_of_a_tiff_are_not_counted(monkeypatch):
    visited = []
    seek = TiffImagePlugin.TiffImageFile._seek
    monkeypatch.setattr(
        TiffImagePlugin.TiffImageFile,
        "_seek",
        lambda self, frame: (visited.append(frame), seek(self, frame)),
    )
    assert "several pictures" in refused(pictures.endless_tiff(500))
    assert len(visited) < 5


def test_a_progressive_jpeg_of_thousands_of_passes():
    assert open_image(io.BytesIO(pictures.progressive_jpeg(50))).extension == "jpg"
    assert "too many passes" in refused(pictures.progressive_jpeg(1500))


def test_numbers_instead_of_colours():
    depths = Image.fromarray(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64))
    assert "numbers rather than colours" in refused(encode(depths, "TIFF"))


def survives(data: bytes) -> CleanImage | None:
    """Open ``data`` as the site would, and fail on all but a picture or `InvalidImage`."""
    # The limit is large enough for every picture here, and a mutated size does not take seconds.
    with override_settings(UPLOAD_MAX_PIXELS=300_000):
        try:
            cleaned = open_image(io.BytesIO(data))
        except InvalidImage:
            return None
    assert cleaned.image.mode == "RGB"
    with Image.open(io.BytesIO(cleaned.content)) as stored:
        stored.load()
        assert stored.size == cleaned.image.size
    return cleaned


MAGIC = [
    b"",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    *(b"RIFF\x40\0\0\0WEBPVP8" + kind for kind in (b" ", b"L", b"X")),
]


@given(st.sampled_from(MAGIC), st.binary(max_size=300))
@example(b"", b"")
def test_random_bytes_are_no_picture(magic, rest):
    survives(magic + rest)


ORIGINALS = [lesion(kind) for kind in KINDS] + [
    lesion("JPEG", progressive=True),
    encode(render(size=(40, 40)).convert("P"), "PNG", transparency=0),
    encode(render(size=(40, 40)).convert("CMYK"), "TIFF", icc_profile=pictures.adobe_rgb()),
    lesion("TIFF", compression="tiff_lzw"),
]
BYTE = st.integers(0, 255)
# The beginning is there twice, because most of what can go wrong is decided in the first bytes.
PLACE = st.one_of(st.floats(0, 1), st.floats(0, 0.05))


@given(st.sampled_from(ORIGINALS), st.lists(st.tuples(PLACE, BYTE), min_size=1, max_size=8))
def test_changed_bytes_never_break_anything(original, changes):
    data = bytearray(original)
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    survives(bytes(data))


@given(st.sampled_from(ORIGINALS), PLACE, st.integers(1, 64), st.binary(max_size=64))
def test_removed_and_inserted_bytes_never_break_anything(original, place, removed, inserted):
    position = int(place * len(original))
    survives(original[:position] + inserted + original[position + removed :])


def test_the_originals_of_the_changed_files_are_good():
    assert all(survives(original) for original in ORIGINALS)
