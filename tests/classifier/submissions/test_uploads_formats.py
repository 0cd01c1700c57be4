"""Good pictures of every format, mode, depth, orientation and colour space are accepted."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from django.test import override_settings
from PIL import Image, ImageOps, features

from classifier.uploads import ACCEPT, FORMATS, THUMBNAIL_SIDE, CleanImage, open_image
from tests.classifier import pictures
from tests.classifier.pictures import encode, lesion, quarters
from tests.lesions import render

ORIENTATION = 0x0112
LOSSLESS = {"lossless": True}


def clean(data: bytes) -> CleanImage:
    return open_image(io.BytesIO(data))


def pixels(image: Image.Image | bytes) -> np.ndarray:
    if isinstance(image, bytes):
        image = Image.open(io.BytesIO(image))
    return np.asarray(image).astype(int)


def test_every_format_on_the_list_can_be_decoded_here():
    assert features.check("webp")
    assert features.check("libtiff")
    assert set(ACCEPT.split(",")) == {Image.MIME[name] for name in FORMATS}


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_pixels_of_a_lossless_picture_stay_as_they_are(kind):
    original = render(size=pictures.SIZE)
    cleaned = clean(encode(original, kind, **(LOSSLESS if kind == "WEBP" else {})))
    assert cleaned.extension == "png"
    assert cleaned.image.mode == "RGB"
    assert np.array_equal(pixels(cleaned.image), pixels(original))
    assert np.array_equal(pixels(cleaned.content), pixels(original))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": "4:2:0"}])
def test_a_jpeg_stays_a_jpeg_and_nearly_the_same(options):
    data = lesion("JPEG", quality=90, **options)
    cleaned = clean(data)
    assert cleaned.extension == "jpg"
    assert Image.open(io.BytesIO(cleaned.content)).format == "JPEG"
    assert np.array_equal(pixels(cleaned.image), pixels(data))
    assert np.abs(pixels(cleaned.content) - pixels(data)).mean() < 1


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_compressions(compression):
    cleaned = clean(lesion("TIFF", compression=compression))
    assert np.array_equal(pixels(cleaned.image), pixels(render(size=pictures.SIZE)))


def test_the_thumbnail_is_the_centre_square():
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (100, 0, 300, 200))
    thumbnail = Image.open(io.BytesIO(clean(encode(picture, "PNG")).thumbnail))
    assert (thumbnail.format, thumbnail.mode) == ("JPEG", "RGB")
    assert thumbnail.size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    corners = np.asarray(thumbnail)[[3, 3, -4, -4], [3, -4, 3, -4]].astype(int)
    assert np.abs(corners - [0, 0, 255]).max() < 12


@pytest.mark.parametrize(
    ("size", "copied"),
    [
        ((1600, 90), None),
        ((1601, 90), (801, 45)),
        ((90, 1700), (45, 850)),
        ((4000, 300), (1334, 100)),
    ],
)
def test_a_large_picture_has_a_smaller_copy(size, copied):
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    copy = clean(encode(picture, "PNG")).copy
    assert bool(copy) == bool(copied)
    if copied:
        shown = Image.open(io.BytesIO(copy))
        assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", copied)
        left, right = (np.array(shown.getpixel((x, 20)), int) for x in (3, copied[0] - 4))
        assert np.abs([left - [255, 0, 0], right - [0, 0, 255]]).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_is_turned_upright(kind, orientation):
    # For each orientation (EXIF 2.32), a camera turns an upright picture like this to store it.
    stored = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    picture = quarters()
    for step in stored[orientation]:
        picture = picture.transpose(step)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    cleaned = clean(encode(picture, kind, exif=exif, **(LOSSLESS if kind == "WEBP" else {})))
    assert cleaned.image.size == quarters().size
    tolerance = 12 if kind == "JPEG" else 0
    for result in (pixels(cleaned.image), pixels(cleaned.content)):
        quarter = result[[4, 4, -5, -5], [4, -5, 4, -5]]
        expected = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
        assert np.abs(quarter - expected).max() <= tolerance


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_greys_are_scaled_not_cut_off(kind):
    data = encode(Image.fromarray(pictures.grey_ramp_16()), kind)
    row = pixels(clean(data).image)[0]
    assert np.array_equal(row, np.repeat(np.arange(256)[:, None], 3, axis=1))


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_colours_of_a_tiff_are_scaled(order):
    row = pixels(clean(pictures.rgb_tiff_16(order)).image)[0]
    assert np.abs(row - np.arange(256)[:, None]).max() <= 1


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_png_of_every_colour_type_is_scaled(colour, channels):
    ramp = pictures.grey_ramp_16()
    samples = np.repeat(ramp[..., None], channels, axis=2)
    if colour in (4, 6):
        samples[..., -1] = 65535  # opaque
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    data = pictures.png(ramp.shape[1], ramp.shape[0], 16, colour, rows)
    row = pixels(clean(data).image)[0]
    assert np.abs(row - np.arange(256)[:, None]).max() <= 1


def test_one_bit_becomes_black_and_white():
    picture = Image.new("1", (40, 40))
    picture.paste(1, (20, 0, 40, 40))
    for kind in ("PNG", "TIFF", "BMP"):
        cleaned = pixels(clean(encode(picture, kind)).image)
        assert np.unique(cleaned[:, :20]).tolist() == [0]
        assert np.unique(cleaned[:, 20:]).tolist() == [255]


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_transparent_becomes_white(mode):
    picture = Image.new("RGBA", (40, 40), (90, 90, 90, 255))
    picture.paste((90, 90, 90, 0), (0, 0, 20, 40))
    options = {}
    if mode == "P":
        picture = picture.getchannel("A").convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
        transparent = picture.getpixel((0, 0))
        picture.putpalette([90] * 6)
        options = {"transparency": transparent}
    data = encode(picture.convert(mode), "PNG", **options)
    cleaned = pixels(clean(data).image)
    assert np.unique(cleaned[:, :20]).tolist() == [255]
    assert np.unique(cleaned[:, 20:]).tolist() == [90]


def test_half_transparent_palette_entries_are_mixed_with_white():
    picture = Image.new("P", (40, 40))
    picture.putpalette([0, 0, 0])
    cleaned = clean(encode(picture, "PNG", transparency=bytes([128])))
    assert np.abs(pixels(cleaned.image) - 127).max() <= 1


def test_cmyk():
    original = quarters()
    cleaned = clean(encode(original.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(pixels(cleaned.image) - pixels(original)).mean() < 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_wide_gamut_colours_are_converted_to_srgb(mode):
    colours = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    original = Image.fromarray(np.kron(colours, np.ones((10, 10, 1), np.uint8)))
    stored = original.convert(mode, palette=Image.Palette.ADAPTIVE) if mode == "P" else original
    expected = pictures.adobe_to_srgb(np.asarray(stored.convert("RGB"))).astype(int)
    data = encode(stored.convert(mode), "PNG", icc_profile=pictures.adobe_rgb())
    cleaned = pixels(clean(data).image)
    assert np.abs(cleaned - expected).max() <= 2
    assert np.abs(cleaned - pixels(original)).max() > 20  # the colours did need it


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all" * 9, pictures.adobe_rgb()[:200], b"", pictures.adobe_rgb()[:-40]],
)
@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_with_a_broken_or_unfitting_profile_colours_stay_as_stored(mode, profile):
    original = render(size=pictures.SIZE).convert(mode)
    with_profile = clean(encode(original, "TIFF", icc_profile=profile))
    without = clean(encode(original, "TIFF"))
    assert np.array_equal(pixels(with_profile.image), pixels(without.image))


def test_the_profile_of_another_colour_model_is_ignored():
    original = render(size=pictures.SIZE).convert("CMYK")
    data = encode(original, "JPEG", quality=95, icc_profile=pictures.adobe_rgb())
    assert np.array_equal(
        pixels(clean(data).image), pixels(clean(encode(original, "JPEG", quality=95)).image)
    )


def test_the_photo_of_a_phone_with_a_second_picture_for_depth():
    first, second = render(0, pictures.SIZE), render(1, pictures.SIZE)
    data = encode(first, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    cleaned = clean(data)
    assert cleaned.extension == "jpg"
    assert np.abs(pixels(cleaned.image) - pixels(first)).mean() < 6
    assert np.abs(pixels(cleaned.image) - pixels(second)).mean() > 6
    assert Image.open(io.BytesIO(cleaned.content)).format == "JPEG"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_one_frame_of_a_format_that_can_be_animated_is_a_picture(kind):
    assert clean(lesion(kind, save_all=True)).image.size == pictures.SIZE


def test_limits_are_inclusive():
    data = lesion("PNG")
    width, height = pictures.SIZE
    limits = {"UPLOAD_MAX_BYTES": len(data), "UPLOAD_MAX_PIXELS": width * height}
    with override_settings(**limits, UPLOAD_MIN_SIDE=height):
        assert clean(data).image.size == pictures.SIZE


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif", [b"", b"no TIFF structure", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x63123"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_metadata_does_not_matter_where_the_pixels_are_whole(kind, exif):
    expected = pixels(clean(lesion(kind)).image)
    assert np.array_equal(pixels(clean(lesion(kind, exif=b"Exif\0\0" + exif)).image), expected)


def test_a_tag_that_cannot_be_written_again_does_not_stop_a_picture_from_being_turned():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "description"
    # A text stands where TIFF wants the numbers of bits. Pillow reads it, and fails to write it.
    data = lesion(exif=exif.tobytes().replace(b"\x01\x0e\0\x02", b"\x01\x02\0\x02"))
    with pytest.raises(struct.error):
        ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert clean(data).image.size == pictures.SIZE[::-1]
