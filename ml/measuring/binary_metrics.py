"""Score the probabilities of one class against all others, and give any score an interval.

A score is a function of ``weights`` ``float (r, n)``, which say how often each of n pictures counts
in each of r resamples. It gives ``float (r,)``, with NaN where the score is undefined, as
sensitivity is without a positive. So one definition serves twice: ones as weights give the plain
score, and the counts of resampling give the bootstrap.

Every function here makes such a score from

- ``targets`` ``int (n,)``: 1 for the positive class, such as malignant, else 0.
- ``probabilities`` ``float (n,)``: of the positive class, in 0..1.
- ``threshold``: probability from which on a picture is called positive, for all or for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypedDict

import numpy as np

#: The expected calibration error is taken over so many bins.
BINS = 15

Array = np.ndarray
Threshold = float | Array
Score = Callable[[Array], Array]


class Estimate(TypedDict):
    """Holds a score and its 95 % interval; they are None where the score is undefined."""

    value: float | None
    low: float | None
    high: float | None


def accuracy(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the share of pictures that are called what they are."""
    return partial(share, (probabilities >= threshold) == targets)


def sensitivity(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the share of positive pictures that are called positive."""
    return partial(share, probabilities >= threshold, among=targets == 1)


def specificity(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the share of negative pictures that are called negative."""
    return partial(share, probabilities < threshold, among=targets == 0)


def balanced_accuracy(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the mean of sensitivity and specificity."""
    parts = [metric(targets, probabilities, threshold) for metric in (sensitivity, specificity)]
    return lambda weights: (parts[0](weights) + parts[1](weights)) / 2


def auroc(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the chance that a positive picture gets a higher probability than a negative one.

    This is the area under the ROC curve as the Mann-Whitney statistic; equal probabilities count
    half (Hanley & McNeil, Radiology 1982).
    """

    def score(weights: Array) -> Array:
        positive, negative = _by_probability(targets, probabilities, weights)
        below = np.cumsum(negative, axis=1) - negative / 2
        return ratio((positive * below).sum(1), positive.sum(1) * negative.sum(1))

    return score


def average_precision(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the mean precision over the thresholds, weighted by the positives each adds."""

    def score(weights: Array) -> Array:
        positive, negative = (
            part[:, ::-1] for part in _by_probability(targets, probabilities, weights)
        )
        found = np.cumsum(positive, axis=1)
        called = found + np.cumsum(negative, axis=1)
        precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
        return ratio((precision * positive).sum(1), positive.sum(1))

    return score


def brier(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the mean squared distance of the probability from the truth (Brier, 1950)."""
    return partial(share, (probabilities - targets) ** 2)


def ece(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
    """Return the expected calibration error of the answer's confidence; see `calibration_error`."""
    called = probabilities >= threshold
    confidence = np.where(called, probabilities, 1 - probabilities)
    return calibration_error(confidence, called == targets)


def sensitivity_at(wanted: float) -> Callable[[Array, Array, Threshold], Score]:
    """Return the highest sensitivity of any threshold with at least the ``wanted`` specificity."""

    def metric(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
        return lambda weights: _best_share(targets, probabilities, weights, wanted)

    return metric


def specificity_at(wanted: float) -> Callable[[Array, Array, Threshold], Score]:
    """Return the highest specificity of any threshold with at least the ``wanted`` sensitivity."""

    def metric(targets: Array, probabilities: Array, threshold: Threshold) -> Score:
        return lambda weights: _best_share(1 - targets, 1 - probabilities, weights, wanted)

    return metric


METRICS: dict[str, Callable[[Array, Array, Threshold], Score]] = {
    "accuracy": accuracy,
    "auroc": auroc,
    "average_precision": average_precision,
    "balanced_accuracy": balanced_accuracy,
    "sensitivity": sensitivity,
    "specificity": specificity,
    "sensitivity_at_specificity_80": sensitivity_at(0.80),
    "sensitivity_at_specificity_90": sensitivity_at(0.90),
    "specificity_at_sensitivity_90": specificity_at(0.90),
    "specificity_at_sensitivity_95": specificity_at(0.95),
    "ece": ece,
    "brier": brier,
}


def binary_scores(targets: Array, probabilities: Array, threshold: Threshold) -> dict[str, Score]:
    """Return every score of `METRICS`, by name."""
    return {name: metric(targets, probabilities, threshold) for name, metric in METRICS.items()}


def calibration_error(confidence: Array, right: Array) -> Score:
    """Return the expected calibration error in 15 equal-width bins over 0..1.

    It is the mean distance of confidence and accuracy of a bin, weighted by its pictures (Guo et
    al., "On calibration of modern neural networks", arXiv 1706.04599).

    Args:
        confidence: confidence in each answer, ``float (n,)`` in 0..1.
        right: whether the answer is true, ``bool (n,)``.
    """
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.zeros((len(confidence), BINS))
    gaps[np.arange(len(bins)), bins] = right - confidence
    return lambda weights: ratio(np.abs(weights @ gaps).sum(1), weights.sum(1))


def plain(score: Score, pictures: int, weights: Array | None = None) -> float:
    """Return a score without resampling; pictures count the same, or as ``weights`` say."""
    return float(score(np.ones((1, pictures)) if weights is None else weights[None])[0])


def estimate(
    scores: Mapping[str, Score],
    groups: Array,
    resamples: int,
    seed: int,
    weights: Array | None = None,
) -> dict[str, Estimate]:
    """Return every score with its 95 % percentile bootstrap interval.

    Whole groups are drawn, because pictures of one lesion are nearly the same photograph and
    drawing them apart would make the interval too narrow (cluster bootstrap; Efron & Tibshirani,
    "An introduction to the bootstrap", 1993, chapter 13).

    Args:
        scores: scores by name.
        groups: ``int (n,)``, the number of each picture's group.
        resamples: number of bootstrap samples.
        seed: seed of the drawing.
        weights: how much each picture counts, ``float (n,)``; by default all the same.
    """
    _, groups = np.unique(groups, return_inverse=True)
    number, pictures = groups.max() + 1, len(groups)
    counted = np.ones(pictures) if weights is None else weights
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[Array]] = {name: [] for name in scores}
    # This is done in parts, so that the weights of all resamples never lie in memory together.
    for part in np.array_split(np.arange(resamples), max(1, resamples * pictures // 1_000_000)):
        draws = generator.multinomial(number, np.full(number, 1 / number), len(part))
        times = draws[:, groups] * counted
        for name, score in scores.items():
            drawn[name].append(score(times))
    return {
        name: _estimate(plain(score, pictures, counted), np.concatenate(drawn[name]))
        for name, score in scores.items()
    }


def share(holds: Array, weights: Array, among: Array | None = None) -> Array:
    """Return the weighted mean of ``holds`` over the pictures ``among``, or over all."""
    if among is not None:
        holds, weights = holds[among], weights[:, among]
    return ratio(weights @ holds.astype(float), weights.sum(1))


def ratio(above: Array, below: Array) -> Array:
    """Return the quotients, with NaN where there is nothing to divide by."""
    undefined = np.full(len(below), np.nan)
    return np.divide(above, below, out=undefined, where=below > 0)


def _estimate(value: float, drawn: Array) -> Estimate:
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None)
    # A resample without one of the classes has no score to give.
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(value=float(value), low=float(low), high=float(high))


def _by_probability(targets: Array, probabilities: Array, weights: Array) -> tuple[Array, Array]:
    """Return the weights of positives and negatives at each distinct probability, rising."""
    order = np.argsort(probabilities, kind="stable")
    _, starts = np.unique(probabilities[order], return_index=True)
    positive = np.add.reduceat((weights * targets)[:, order], starts, axis=1)
    negative = np.add.reduceat((weights * (1 - targets))[:, order], starts, axis=1)
    return positive, negative


def _best_share(targets: Array, probabilities: Array, weights: Array, wanted: float) -> Array:
    """Return the share of positives found by the lowest threshold that spares enough negatives."""
    positive, negative = _by_probability(targets, probabilities, weights)
    spared = np.cumsum(negative, axis=1) - negative
    below = np.cumsum(positive, axis=1) - positive
    positives, negatives = positive.sum(1), negative.sum(1)
    # A rounding error must not cost a threshold that spares exactly the wanted share.
    enough = spared >= (wanted * negatives)[:, None] - 1e-9
    missed = np.where(enough, below, positives[:, None]).min(1)
    undefined = np.where(negatives > 0, positives, 0)
    return ratio(positives - missed, undefined)
