"""Measure how well the probability of malignant fits each source of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.measuring.answers import Answers, TestSet, malignancy
from ml.measuring.binary_metrics import ece, estimate
from ml.measuring.evaluation import RESAMPLES, SEED
from ml.measuring.mix import weigh

#: A source is measured only if it has so many malignant and so many benign pictures.
ENOUGH = 20


def by_domain(test: TestSet, answers: Answers, share: float | None) -> dict[str, Any]:
    """Return, by domain, how far its probabilities are off.

    Each domain has its number of ``pictures``, how many of them are ``malignant``, the mean
    probability of malignant that was ``said``, and ``ece``. With a share it also has
    ``ece_of_mix``, that of the same pictures weighted to the share. A domain with too few malignant
    or benign pictures has no errors.

    Args:
        test: the pictures.
        answers: answers about them.
        share: share of malignant pictures in the stated mix, or None.
    """
    known, malignant = malignancy(test.samples)
    names = np.array([sample.domain or "unnamed" for sample in test.samples])
    found: dict[str, Any] = {}
    for name in sorted(set(names[known])):
        inside = known & (names == name)
        targets, answered = malignant[inside], answers.among(inside)
        said = answered.malignant
        found[name] = {
            "pictures": int(inside.sum()),
            "malignant": float(targets.mean()),
            "said": float(said.mean()),
        }
        if min(np.bincount(targets, minlength=2)) < ENOUGH:
            continue
        score = {"ece": ece(targets, said, answered.threshold)}
        groups = test.groups[inside]
        found[name] |= estimate(score, groups, RESAMPLES, SEED)
        if share is not None:
            weights = weigh(test.samples[inside], {}, share)
            mixed = estimate(score, groups, RESAMPLES, SEED, weights)
            found[name]["ece_of_mix"] = mixed["ece"]
    return found
