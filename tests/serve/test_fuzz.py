"""This sends a few damaged files and forms; ``make fuzz`` sends twenty thousand."""

from __future__ import annotations

import io

import pytest
from PIL import Image, UnidentifiedImageError

from tests.fuzz.mutations import seeds
from tests.fuzz.run import run


def what_is_special(data: bytes) -> set[str]:
    """Return what is said of a file: its format, and what makes its picture unusual."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            kind, mode = opened.format, opened.mode
            moves = getattr(opened, "is_animated", False)
            profile = "icc_profile" in opened.info
    # Some files are no pictures, and some promise more than they hold.
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return set()
    # Pillow reads 16 bits of three channels as 8, and the head of a PNG tells how many there are.
    deep = mode.startswith("I;16") or (kind == "PNG" and data[24] == 16)
    traits = {"animated": moves, "profile": profile, "16 bits": deep, "inks": mode == "CMYK"}
    return {kind} | {f"{kind}, {trait}" for trait, found in traits.items() if found}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_files_of_every_unusual_kind_are_among_those_that_are_damaged():
    found = set().union(*map(what_is_special, seeds()))
    assert found >= {"JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "GIF", "ICO"}
    assert found >= {f"{kind}, animated" for kind in ("GIF", "WEBP", "PNG", "AVIF")}
    assert found >= {f"{kind}, profile" for kind in ("JPEG", "PNG", "WEBP", "TIFF")}
    assert found >= {"JPEG, inks", "TIFF, inks", "PNG, 16 bits"}


def test_damaged_files_and_forms_are_answered_with_a_sentence():
    report = run(300)
    assert report.wrong == []
    assert report.states.keys() <= {"done", "rejected"}
    assert report.states["done"]
    assert report.answers[422]
    assert report.answers[201] + report.answers[302]
