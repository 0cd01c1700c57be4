"""Turn a stranger's bytes into a clean picture, or refuse them with a sentence for a person.

`clean` does the work, and `limits` says what may be sent. Before anything is decoded, `plan` says
what a picture needs. `decoders` has the site's pictures cleaned in a separate process, `child`.
Nothing that the child imports knows of Django.
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
