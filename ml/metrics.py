"""Scores of malignant probabilities, each with a bootstrap interval.

Every metric is a function ``(targets, probabilities, weights, threshold) -> scores``:

- ``targets`` ``int (n,)``: 0 benign, 1 malignant.
- ``probabilities`` ``float (n,)``: of malignant, in 0..1.
- ``weights`` ``float (r, n)``: how often each picture counts, in each of r resamples.
- ``threshold``: probability from which on a picture is called malignant.
- ``scores`` ``float (r,)``; NaN where a metric is undefined, as sensitivity without a malignant.

Ones as weights give the plain score and resampling counts the bootstrap, by one definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np

#: Bins of the expected calibration error.
BINS = 15

Array = np.ndarray
Metric = Callable[[Array, Array, Array, float], Array]


class Estimate(TypedDict):
    """A score and its 95 % interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


def accuracy(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Share of pictures called what they are."""
    return _share(weights, (probabilities >= threshold) == targets)


def sensitivity(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Share of malignant pictures called malignant."""
    chosen = targets == 1
    return _share(weights[:, chosen], probabilities[chosen] >= threshold)


def specificity(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Share of benign pictures called benign."""
    chosen = targets == 0
    return _share(weights[:, chosen], probabilities[chosen] < threshold)


def balanced_accuracy(
    targets: Array, probabilities: Array, weights: Array, threshold: float
) -> Array:
    """Mean of sensitivity and specificity."""
    arguments = targets, probabilities, weights, threshold
    return (sensitivity(*arguments) + specificity(*arguments)) / 2


def auroc(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Chance that a malignant picture gets a higher probability than a benign one.

    The area under the ROC curve as the Mann-Whitney statistic; equal probabilities count half
    (Hanley & McNeil, Radiology 1982).
    """
    order = np.argsort(probabilities, kind="stable")
    _, starts = np.unique(probabilities[order], return_index=True)
    malignant = np.add.reduceat((weights * targets)[:, order], starts, axis=1)
    benign = np.add.reduceat((weights * (1 - targets))[:, order], starts, axis=1)
    below = np.cumsum(benign, axis=1) - benign / 2
    return _ratio((malignant * below).sum(1), malignant.sum(1) * benign.sum(1))


def brier(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Mean squared distance of the malignant probability from the truth (Brier, 1950)."""
    return _share(weights, (probabilities - targets) ** 2)


def ece(targets: Array, probabilities: Array, weights: Array, threshold: float) -> Array:
    """Expected calibration error of the verdict's confidence, in 15 equal-width bins over 0..1.

    The mean distance of confidence and accuracy of a bin, weighted by its pictures (Guo et al.,
    "On calibration of modern neural networks", arXiv 1706.04599).
    """
    verdicts = probabilities >= threshold
    confidence = np.where(verdicts, probabilities, 1 - probabilities)
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.zeros((len(probabilities), BINS))
    gaps[np.arange(len(bins)), bins] = (verdicts == targets) - confidence
    return _ratio(np.abs(weights @ gaps).sum(1), weights.sum(1))


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "auroc": auroc,
    "balanced_accuracy": balanced_accuracy,
    "sensitivity": sensitivity,
    "specificity": specificity,
    "ece": ece,
    "brier": brier,
}


def estimate(
    targets: Array,
    probabilities: Array,
    groups: Array,
    threshold: float,
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """Return every metric with its 95 % percentile bootstrap interval.

    Whole groups are drawn, because pictures of one group are nearly the same photograph and
    drawing them apart would make the interval too narrow (cluster bootstrap; Efron & Tibshirani,
    "An introduction to the bootstrap", 1993, chapter 13).

    Args:
        targets: ``int (n,)``.
        probabilities: ``float (n,)``.
        groups: ``int (n,)``, the number of each picture's group.
        threshold: see the module.
        resamples: number of bootstrap samples.
        seed: of the drawing.
    """
    _, groups = np.unique(groups, return_inverse=True)
    number = groups.max() + 1
    generator = np.random.default_rng(seed)
    once = np.ones((1, len(targets)))
    drawn: dict[str, list[Array]] = {name: [] for name in METRICS}
    # In parts, so that the weights of all resamples never lie in memory together.
    for part in np.array_split(np.arange(resamples), max(1, resamples * len(targets) // 1_000_000)):
        draws = generator.multinomial(number, np.full(number, 1 / number), len(part))
        weights = draws[:, groups].astype(float)
        for name, metric in METRICS.items():
            drawn[name].append(metric(targets, probabilities, weights, threshold))
    return {
        name: _estimate(
            metric(targets, probabilities, once, threshold)[0], np.concatenate(drawn[name])
        )
        for name, metric in METRICS.items()
    }


def _estimate(value: float, drawn: Array) -> Estimate:
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None)
    # A resample without one of the classes has no score to give.
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(value=float(value), low=float(low), high=float(high))


def _share(weights: Array, holds: Array) -> Array:
    return _ratio(weights @ holds.astype(float), weights.sum(1))


def _ratio(above: Array, below: Array) -> Array:
    undefined = np.full(len(below), np.nan)
    return np.divide(above, below, out=undefined, where=below > 0)
