"""Tell the person who sent a picture in why it is not judged, and how to take a better one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: They go by the codes of `ml.judging.quality.Problem`. Braces stand for a value of the rejection.
SENTENCES = {
    "too_small": (
        "The picture is too small. Send the original file, not a thumbnail or a screenshot. "
        "Its shorter side must have at least {smallest_side} pixels."
    ),
    "too_dark": (
        "The picture is too dark. Switch on a light, or the light of a dermoscope. "
        "You can also turn the exposure up. Then take the picture again."
    ),
    "too_bright": (
        "The picture is too bright: parts of it are plain white. Turn the exposure down. "
        "Press a dermoscope flat onto the skin, or take a photo without a flash, "
        "so that nothing shines back. Then take the picture again."
    ),
    "dark_corners": (
        "Most of the picture is black around the edges. Hold the camera in the middle of the "
        "dermoscope's eyepiece. Zoom in until the round field fills the picture. "
        "Then take it again."
    ),
    "low_contrast": (
        "Nothing in the picture stands out. Wipe the lens. With a dermoscope, put some gel or "
        "alcohol between the skin and the glass. Then take the picture again."
    ),
    "blurred": (
        "The picture is blurred. Hold the camera still, and let it focus on your spot. "
        "Then take the picture again."
    ),
    "no_lesion": (
        "The picture seems to show no spot. Put your spot in the middle, with some skin around "
        "it. Then take the picture again."
    ),
    "not_dermoscopy": (
        "This does not look like a picture of a spot on the skin, so the network cannot judge "
        "it. Take a close-up of one spot, with the spot in the middle."
    ),
    "clinical_picture": (
        "This looks like an ordinary photo. Here the network judges only pictures that were "
        "taken through a dermoscope. Take a close-up of your spot through a dermoscope, "
        "with the spot in the middle."
    ),
}

#: A network that knows nothing but dermoscopy says this where another says ``not_dermoscopy``.
DERMOSCOPY_ALONE = (
    "This does not look like a picture of skin through a dermoscope, and the network knows no "
    "other kind. Take a close-up of your spot through a dermoscope, with the spot in the middle."
)

#: This is said where a code has no sentence here, since a later release has stored it.
GENERAL = (
    "The network cannot judge this picture. Take a close-up of one spot, with the spot in the "
    "middle."
)


def explain_rejection(code: str, values: Mapping[str, Any]) -> str:
    """Return why a picture is not judged, and how to take a better one.

    Args:
        code: what is wrong with the picture.
        values: see `ml.judging.screening.Rejection`.
    """
    alone = code == "not_dermoscopy" and "dermoscopy_alone" in values
    sentence = DERMOSCOPY_ALONE if alone else SENTENCES.get(code, GENERAL)
    try:
        return sentence.format(**values)
    except KeyError:
        # Another release stored this row and told other values with it.
        return GENERAL
