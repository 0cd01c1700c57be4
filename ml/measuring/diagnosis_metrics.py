"""Score the probabilities of the diagnoses; see `binary_metrics` for what a score is.

- ``truth`` ``int (n,)``: index of the diagnosis.
- ``probabilities`` ``float (n, k)``: of each of the k diagnoses; a picture is called the likeliest
  one.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ml.measuring.binary_metrics import Array, Score, auroc, calibration_error, share


def balanced_accuracy(truth: Array, probabilities: Array) -> Score:
    """Return the mean over the diagnoses of the share of pictures called by their name.

    This is the challenge score of ISIC 2018. Diagnoses without a picture do not count.
    """
    recalls = [
        partial(share, called, among=among) for called, among in _one_by_one(truth, probabilities)
    ]

    def score(weights: Array) -> Array:
        shares = np.stack([recall(weights) for recall in recalls])
        defined = ~np.isnan(shares)
        return np.nansum(shares, axis=0) / defined.sum(0)

    return score


def diagnosis_scores(truth: Array, probabilities: Array) -> dict[str, Score]:
    """Return the scores of all diagnoses together, by name.

    ``brier`` sums the squared distances over all diagnoses (Brier, 1950), and is in 0..2. ``ece``
    is the calibration error of the likeliest diagnosis's probability.
    """
    called = probabilities.argmax(1)
    one_hot = np.eye(probabilities.shape[1])[truth]
    return {
        "accuracy": partial(share, called == truth),
        "balanced_accuracy": balanced_accuracy(truth, probabilities),
        "in_first_two": partial(
            share, (np.argsort(-probabilities, axis=1)[:, :2] == truth[:, None]).any(1)
        ),
        "ece": calibration_error(probabilities.max(1), called == truth),
        "brier": partial(share, ((probabilities - one_hot) ** 2).sum(1)),
    }


def class_scores(truth: Array, probabilities: Array, index: int) -> dict[str, Score]:
    """Return the scores of one diagnosis against the others, by name.

    Args:
        truth: see the module.
        probabilities: see the module.
        index: index of the diagnosis.
    """
    called, is_it = probabilities.argmax(1) == index, truth == index
    return {
        "auroc": auroc(is_it.astype(int), probabilities[:, index], 0.5),
        "sensitivity": partial(share, called, among=is_it),
        "precision": partial(share, is_it, among=called),
    }


def confusion(truth: Array, probabilities: Array) -> Array:
    """Return how many pictures of each diagnosis (rows) were called each one, ``int (k, k)``."""
    counts = np.zeros((probabilities.shape[1],) * 2, int)
    np.add.at(counts, (truth, probabilities.argmax(1)), 1)
    return counts


def _one_by_one(truth: Array, probabilities: Array) -> list[tuple[Array, Array]]:
    called = probabilities.argmax(1)
    return [(called == index, truth == index) for index in range(probabilities.shape[1])]
