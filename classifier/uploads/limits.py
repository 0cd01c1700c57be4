"""Limit what may be sent in and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from classifier.uploads.refusals import InvalidImage

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
FORMATS_IN_WORDS = "JPEG, PNG, WebP, BMP or TIFF"
ACCEPT = "image/jpeg,image/png,image/webp,image/bmp,image/tiff"
#: The longer side of a picture has at most this many pixels when it is kept.
LONGEST_SIDE = 4096
MIB = 1024**2
#: What is kept may have this many bytes, or twice as many as were sent if that is more.
KEPT_BYTES = 4 * MIB
#: A picture counts as small if it has no more pixels and needs no more bytes than this. An upright
#: photograph of a phone does.
SMALL_PIXELS, SMALL_NEED = 13_000_000, 72 * MIB
#: Decoding the largest picture may need this many bytes on top of the program itself.
LARGEST_NEED = 270 * MIB


@dataclass(frozen=True)
class Limits:
    """Decides what may be sent in.

    Attributes:
        max_bytes: of the file.
        max_pixels: of the picture; `classifier.uploads.plan` has lower ones for some formats.
        min_side: pixels of the shorter side.
    """

    max_bytes: int
    max_pixels: int
    min_side: int

    @classmethod
    def of_the_site(cls) -> Limits:
        # This is not imported above, since a decoder's process is told its limits and has no use
        # for Django.
        from django.conf import settings

        return cls(settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_PIXELS, settings.UPLOAD_MIN_SIDE)

    def check_bytes(self, count: int) -> None:
        """Raise `InvalidImage` for a file of ``count`` bytes that is empty or too large."""
        if not count:
            raise InvalidImage("empty", "The file is empty. Please choose the picture again.")
        if count > self.max_bytes:
            raise InvalidImage(
                "too_many_bytes",
                f"The file is larger than {self.max_bytes // MIB} MB. Please send a smaller one.",
            )
