"""A stranger's bytes become a clean picture, or an `InvalidImage` with a sentence for a person.

`clean` does the work and `limits` say what may be sent. `plan` says before anything is decoded
what a picture needs. The site has it done in a process of its own, `child`, by `decoders`; nothing
that the child imports knows of Django.
"""

from __future__ import annotations

from classifier.uploads.clean import THUMBNAIL_SIDE, CleanImage, Readable, open_image
from classifier.uploads.limits import ACCEPT, FORMATS, FORMATS_IN_WORDS
from classifier.uploads.refusals import InvalidImage

__all__ = [
    "ACCEPT",
    "FORMATS",
    "FORMATS_IN_WORDS",
    "THUMBNAIL_SIDE",
    "CleanImage",
    "InvalidImage",
    "Readable",
    "open_image",
]
