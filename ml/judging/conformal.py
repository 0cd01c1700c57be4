"""Make sets of diagnoses that hold the true one as often as promised.

This is split conformal prediction by class group (Vovk, Gammerman & Shafer, "Algorithmic learning
in a random world", 2005, section 4.5: Mondrian). Each group has a lowest probability: the promised
share of its calibration pictures give at least that to their true diagnosis (the score of Sadinle,
Lei & Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", arXiv
1609.00451). A diagnosis is in the set of a picture if its probability reaches that of its group.
For pictures like those, the set of a malignant lesion holds its diagnosis at least as often as
promised, and so does the set of a benign one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ml.taxonomy import BENIGN, MALIGNANT

Array = np.ndarray
UNCERTAIN = "uncertain"


def group_of(name: str, malignant: Sequence[str]) -> str:
    """Return the group whose coverage is promised: ``malignant`` or ``benign``."""
    return MALIGNANT if name in malignant else BENIGN


def calibration_scores(
    probabilities: Array, labels: Sequence[str], classes: Sequence[str], malignant: Sequence[str]
) -> dict[str, Array]:
    """Return, by group, the probability of each calibration picture's true class, rising.

    Args:
        probabilities: calibrated probabilities, ``float (n, classes)``.
        labels: label of each picture, one of ``classes``.
        classes: the classes in the order of the probabilities.
        malignant: the classes that are malignant.
    """
    true = probabilities[np.arange(len(labels)), [classes.index(label) for label in labels]]
    groups = np.array([group_of(label, malignant) for label in labels])
    return {group: np.sort(true[groups == group]) for group in (BENIGN, MALIGNANT)}


def lowest_probability(scores: Array, coverage: float) -> float:
    """Return the probability from which on a class of this group is in the set.

    Args:
        scores: scores of the group, rising, see `calibration_scores`.
        coverage: promised share in (0, 1).

    Returns:
        The probability. It is 0, which puts the class into every set, where there are too few
        pictures for the promise.
    """
    # The 1e-9 is added because 1 - 0.9 is a little less than 0.1 in floating point.
    rank = math.floor((len(scores) + 1) * (1 - coverage) + 1e-9)
    # A bundle keeps the scores in single precision, which may have rounded this one up. The next
    # lower number is below the probability that it was made of.
    return float(np.nextafter(scores[rank - 1], 0)) if rank >= 1 else 0.0


def prediction_sets(
    probabilities: Array,
    classes: Sequence[str],
    malignant: Sequence[str],
    scores: Mapping[str, Array],
    coverage: float,
) -> Array:
    """Return which classes are in the set of each picture, ``bool (n, classes)``.

    The likeliest class is always in it, so that no set is empty.
    """
    lowest = {group: lowest_probability(found, coverage) for group, found in scores.items()}
    sets = probabilities >= np.array([lowest[group_of(name, malignant)] for name in classes])
    sets[np.arange(len(sets)), probabilities.argmax(1)] = True
    return sets


def verdicts(sets: Array, called_malignant: Array, is_malignant: Array) -> Array:
    """Return ``benign``, ``malignant`` or ``uncertain`` for each picture.

    A verdict is uncertain where the set holds both kinds, or lacks the kind that the probability
    speaks for.

    Args:
        sets: see `prediction_sets`.
        called_malignant: ``bool (n,)``, whether the malignant probability reaches the threshold.
        is_malignant: ``bool (classes,)``, whether each class is malignant.
    """
    other = np.where(called_malignant, (sets & ~is_malignant).any(1), (sets & is_malignant).any(1))
    called = np.where(called_malignant, MALIGNANT, BENIGN)
    own = np.where(called_malignant, (sets & is_malignant).any(1), (sets & ~is_malignant).any(1))
    return np.where(other | ~own, UNCERTAIN, called)
