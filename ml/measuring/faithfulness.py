"""Measure whether a heat map shows what the answer rests on.

Deletion and insertion (Petsiuk, Das & Saenko, "RISE", arXiv 1806.07421): the hottest places are
blurred away first, or given back to a blurred picture first, and the malignant probability is
followed. A faithful map makes it fall, or rise, at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ml.judging.predictor import Predictor

Array = np.ndarray
#: Shares of the picture at which the probability is looked at.
STEPS = np.linspace(0, 1, 13)
#: Standard deviation of the blur, as a share of the side.
BLUR = 1 / 16
#: Standard deviation of the blob that stands in the middle of every picture, as a share.
BLOB = 1 / 6


@dataclass(frozen=True)
class Faithfulness:
    """One figure a picture.

    Attributes:
        deletion: area under the probability's curve, ``float (n,)``; low is good.
        insertion: the same; high is good.
        inside: share of the heat within the lesion, ``float (n,)``; NaN without heat.
    """

    deletion: Array
    insertion: Array
    inside: Array


def measure(predictor: Predictor, pixels: Array, heat: Array, masks: Array) -> Faithfulness:
    """Return how faithful heat maps are.

    Args:
        predictor: whose answers they explain.
        pixels: ``uint8 (n, s, s, 3)``.
        heat: ``float (n, m, m)``, enlarged to the pictures' size here.
        masks: the lesions, ``bool (n, s, s)``.
    """
    side = pixels.shape[1]
    full = np.stack([enlarge(one, side) for one in heat])
    spread = side * BLUR
    blank = np.stack(
        [ndimage.gaussian_filter(one.astype(float), (spread, spread, 0)) for one in pixels]
    ).astype(np.uint8)
    # The share of the picture that is hotter; equal places in a random, fixed order.
    ties = np.random.default_rng(0).random(full.shape) * 1e-9
    order = np.argsort(np.argsort(-(full + ties).reshape(len(full), -1), axis=1), axis=1)
    hotter = (order / side**2).reshape(full.shape)
    curves: dict[bool, list[Array]] = {True: [], False: []}
    for step in STEPS:
        chosen = (hotter < step)[..., None]
        for deleting, found in curves.items():
            mixed = np.where(chosen == deleting, blank, pixels)
            found.append(predictor.malignant(predictor.probabilities(mixed)))
    total = full.sum((1, 2))
    inside = np.divide(
        (full * masks).sum((1, 2)), total, out=np.full(len(full), np.nan), where=total > 0
    )
    areas = [np.trapezoid(np.array(curves[kind]), STEPS, axis=0) for kind in (True, False)]
    return Faithfulness(areas[0], areas[1], inside)


def enlarge(heat: Array, side: int) -> Array:
    """Return a heat map ``float (m, m)`` at ``side`` x ``side``, at least 0."""
    image = Image.fromarray(heat.astype(np.float32))
    return np.maximum(np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)), 0)


def blob(count: int, side: int) -> Array:
    """Return the heat map that every picture would get from who never looked, ``(n, s, s)``."""
    along = (np.arange(side) - (side - 1) / 2) / (BLOB * side)
    spot = np.exp(-(along[:, None] ** 2 + along**2) / 2)
    return np.broadcast_to(spot, (count, side, side))
