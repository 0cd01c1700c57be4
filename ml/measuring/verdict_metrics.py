"""Measure whether sets of diagnoses hold what they promise, and what "uncertain" buys."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ml.judging.conformal import UNCERTAIN
from ml.measuring.answers import Answers, TestSet, malignancy
from ml.measuring.binary_metrics import estimate, share
from ml.measuring.evaluation import RESAMPLES, SEED
from ml.measuring.served import COVERAGE, Verdicts
from ml.packaging.bundle import Bundle
from ml.taxonomy import BENIGN, MALIGNANT, class_of

Array = np.ndarray


def verdict_scores(
    bundle: Bundle, test: TestSet, answers: Answers, found: Verdicts
) -> dict[str, Any]:
    """Return, with intervals, what the verdicts are worth.

    They are ``coverage`` by group and class, ``set_size``, the share that is ``uncertain``,
    ``accuracy`` of all, ``accuracy_answered`` of those that are not uncertain, and ``rates``, which
    say how often each verdict is given to malignant and to benign lesions.
    """
    known, malignant = malignancy(test.samples)
    called, targets = found.called[known], malignant[known] == 1
    answers = answers.among(known)
    right = (answers.malignant >= answers.threshold) == targets
    scores = {
        "uncertain": partial(share, called == UNCERTAIN),
        "accuracy": partial(share, right),
        "accuracy_answered": partial(share, right, among=called != UNCERTAIN),
        "set_size": partial(share, found.sets[known].sum(1)),
    }
    rates = {
        verdict: estimate(
            {
                MALIGNANT: partial(share, called == verdict, among=targets),
                BENIGN: partial(share, called == verdict, among=~targets),
            },
            test.groups[known],
            RESAMPLES,
            SEED,
        )
        for verdict in (BENIGN, MALIGNANT, UNCERTAIN)
    }
    return {
        "promised": COVERAGE,
        **estimate(scores, test.groups[known], RESAMPLES, SEED),
        "rates": rates,
        "coverage": _coverage(bundle, test, found),
    }


def _coverage(bundle: Bundle, test: TestSet, found: Verdicts) -> dict[str, Any]:
    labels = [class_of(sample.label, bundle.classes) for sample in test.samples]
    known = np.array([label is not None for label in labels])
    if not known.any():
        return {}
    true = np.array([bundle.classes.index(label) for label in labels if label is not None])
    held = found.sets[known][np.arange(len(true)), true]
    kinds = np.array([name in bundle.malignant for name in bundle.classes])[true]
    groups = {BENIGN: ~kinds, MALIGNANT: kinds}
    if len(bundle.classes) > 2:
        groups |= {name: true == index for index, name in enumerate(bundle.classes)}
    scores = {name: partial(share, held, among=among) for name, among in groups.items()}
    return estimate(scores, test.groups[known], RESAMPLES, SEED)
