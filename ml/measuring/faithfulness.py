"""Measure whether a heat map shows what the answer rests on.

It is measured by deletion and insertion (Petsiuk, Das & Saenko, "RISE", arXiv 1806.07421). The
hottest places are blurred away first, or given back to a blurred picture first, and the malignant
probability is followed. A faithful map makes it fall, or rise, at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ml.judging.predictor import Predictor

Array = np.ndarray
#: The probability is looked at when these shares of the picture are changed.
STEPS = np.linspace(0, 1, 13)
#: The blur has this standard deviation, as a share of the side.
BLUR = 1 / 16
#: The blob in the middle of every picture has this standard deviation, as a share of the side.
BLOB = 1 / 6


@dataclass(frozen=True)
class Faithfulness:
    """Holds the measures of faithfulness, one figure of each for every picture.

    Attributes:
        deletion: area under the probability's curve for deletion, ``float (n,)``; low is good.
        insertion: the same area for insertion; high is good.
        inside: share of the heat within the lesion, ``float (n,)``; NaN without heat.
    """

    deletion: Array
    insertion: Array
    inside: Array


def measure(predictor: Predictor, pixels: Array, heat: Array, masks: Array) -> Faithfulness:
    """Return how faithful heat maps are.

    Args:
        predictor: network whose answers they explain.
        pixels: ``uint8 (n, s, s, 3)``.
        heat: ``float (n, m, m)``, which is enlarged here to the size of the pictures.
        masks: the lesions, ``bool (n, s, s)``.
    """
    side = pixels.shape[1]
    full = np.stack([enlarge(one, side) for one in heat])
    spread = side * BLUR
    blank = np.stack(
        [ndimage.gaussian_filter(one.astype(float), (spread, spread, 0)) for one in pixels]
    ).astype(np.uint8)
    # A place has the share of the picture that is hotter. Equal places are put in an order that is
    # random but always the same.
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
    """Return the heat map that a method would give without looking at pictures, ``(n, s, s)``."""
    along = (np.arange(side) - (side - 1) / 2) / (BLOB * side)
    spot = np.exp(-(along[:, None] ** 2 + along**2) / 2)
    return np.broadcast_to(spot, (count, side, side))
