"""Ask whether a network tells kinds of picture by what is in them, or by how collections differ.

Dermoscopic and clinical pictures of public collections differ in size, sharpness and framing. A
network that looks at these calls the changed copies, which are made here, something else. Where a
regression on them alone does as well as the network, the pictures cannot show what it looks at.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.judging.analysis import quality_of
from ml.judging.preprocessing import centre_square
from ml.measuring.binary_metrics import auroc, balanced_accuracy, plain
from ml.measuring.degradations import skin_only

Array = np.ndarray

#: Every picture is brought to the side in pixels and the quality of the smallest collection.
SMALL_SIDE, JPEG_QUALITY = 84, 75
#: A frame has this width and height, and the lesion's square in it has this side.
FRAME, PASTED = (320, 240), 110
#: The pictures are divided into so many parts, and the regression is fitted to all but one.
FOLDS = 5


def alike(image: Image.Image) -> Image.Image:
    """Return the centre square in the size and with the losses that every picture gets."""
    square = centre_square(image).convert("RGB")
    small = square.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=JPEG_QUALITY)
    with Image.open(stream) as found:
        found.load()
    # The copy must be large enough for a worker to look at, but gets no sharper.
    return found.resize((2 * SMALL_SIDE, 2 * SMALL_SIDE), Image.Resampling.BICUBIC)


def pasted_small(image: Image.Image) -> Image.Image:
    """Return a 4:3 frame of the picture's own skin, with the picture small in its middle."""
    square = centre_square(image).convert("RGB")
    frame = skin_only(square).resize(FRAME, Image.Resampling.BICUBIC)
    mask = Image.new("L", (PASTED, PASTED))
    margin = PASTED // 16
    ImageDraw.Draw(mask).ellipse((margin, margin, PASTED - margin, PASTED - margin), fill=255)
    place = ((FRAME[0] - PASTED) // 2, (FRAME[1] - PASTED) // 2)
    small = square.resize((PASTED, PASTED), Image.Resampling.BICUBIC)
    frame.paste(small, place, mask.filter(ImageFilter.GaussianBlur(margin / 2)))
    return frame


#: Every picture is changed in these ways, by name.
CONTROLS: dict[str, Callable[[Image.Image], Image.Image]] = {
    f"{SMALL_SIDE} pixels, JPEG quality {JPEG_QUALITY}": alike,
    "small in a frame of 4:3": pasted_small,
}


def outer_features(image: Image.Image) -> list[float]:
    """Return size, sharpness and surround of a picture: all that it shows besides a lesion."""
    measured = quality_of(image)
    return [
        float(np.log(image.width)),
        float(np.log(image.height)),
        measured.fine_detail,
        measured.edges,
        measured.surround,
    ]


def told_by_features(features: Array, dermoscopic: Array, groups: Array) -> dict[str, float]:
    """Return how well a logistic regression on features tells dermoscopic pictures.

    Args:
        features: features of each picture, ``float (n, d)``.
        dermoscopic: which pictures are dermoscopic, ``bool (n,)``: some, but not all.
        groups: ``int (n,)``; a picture is told by a regression that was fitted to other groups
            alone.

    Returns:
        ``auroc`` and ``balanced_accuracy``, in which both kinds count the same.
    """
    probabilities = np.empty(len(features))
    folds = GroupKFold(min(FOLDS, len(np.unique(groups))))
    for others, own in folds.split(features, dermoscopic, groups):
        regression = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        regression.fit(features[others], dermoscopic[others])
        probabilities[own] = regression.predict_proba(features[own])[:, 1]
    targets = dermoscopic.astype(int)
    return {
        name: plain(metric(targets, probabilities, 0.5), len(targets))
        for name, metric in (("auroc", auroc), ("balanced_accuracy", balanced_accuracy))
    }


def balanced_share(called: Sequence[str], image_types: Sequence[str]) -> float:
    """Return the mean share of the dermoscopic and of the clinical pictures called by their name.

    Args:
        called: what each picture is called; empty where that is left open.
        image_types: what each picture is.
    """
    found, truth = np.array(called), np.array(image_types)
    kinds = [name for name in ("dermoscopic", "clinical") if (truth == name).any()]
    return float(np.mean([(found[truth == name] == name).mean() for name in kinds]))
