"""Say why a file is refused, in a word that is counted and a sentence for a person."""

from __future__ import annotations


class InvalidImage(Exception):
    """The file is no picture that can be analysed.

    Attributes:
        reason: why, in a word that is counted. The message says it to the person.
        seconds: of a processor that it took to find that out.
    """

    def __init__(self, reason: str, sentence: str, seconds: float = 0.0) -> None:
        super().__init__(sentence)
        self.reason, self.seconds = reason, seconds


def damaged() -> InvalidImage:
    return InvalidImage(
        "damaged",
        "The file is damaged or incomplete. Please export or download the picture again.",
    )


def too_many_pixels(pixels: int, kind: str = "picture") -> InvalidImage:
    megapixels = pixels // 1_000_000
    if kind == "picture":
        sentence = f"The picture has more than {megapixels} megapixels. Please send a smaller one."
    else:
        sentence = (
            f"The picture has more than {megapixels} megapixels, which is too many for a {kind} "
            "file. Please send it as a JPEG file, or send a smaller one."
        )
    return InvalidImage("too_many_pixels", sentence)


def too_many_for_passes() -> InvalidImage:
    return InvalidImage(
        "too_many_pixels",
        "The picture is a large JPEG file that is stored in passes (“progressive”), of which all "
        "must be in memory at once. Please export it without passes, or send a smaller one.",
    )


def too_much_memory() -> InvalidImage:
    return InvalidImage(
        "too_much_memory",
        "The picture needs more memory than we have for one. Please export it as a plain JPEG "
        "file, or send a smaller one.",
    )


def too_slow() -> InvalidImage:
    return InvalidImage(
        "too_slow",
        "The picture takes too long to read. Please export it again, as a plain JPEG file.",
    )
