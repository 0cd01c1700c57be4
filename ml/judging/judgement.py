"""A judgement is what the network alone says of a picture, by the standard of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.judging import limits
from ml.judging.calibration import Calibration
from ml.packaging.bundle import Bundle
from ml.taxonomy import BENIGN, CLINICAL, DERMOSCOPIC, MALIGNANT

Array = np.ndarray


@dataclass(frozen=True)
class Judgement:
    """Holds what a network says about one picture.

    Attributes:
        verdict: ``benign``, ``malignant``, or ``uncertain`` where they cannot be told apart at the
            promised coverage.
        malignant_probability: sum in 0..1 of the probabilities of the malignant classes.
        confidence: probability in 0..1 of the likelier of benign and malignant, by the threshold.
        probabilities: calibrated probabilities of the classes, in the bundle's order; their sum
            is 1.
        inference_ms: milliseconds from the decoded picture to this answer; pictures that were
            analysed together share their time equally.
        possible: the classes that hold the true one with the promised coverage, see
            `ml.judging.conformal`; empty where the bundle promises nothing.
        spread: least and largest malignant probability over the picture's symmetries, or None.
    """

    verdict: str
    malignant_probability: float
    confidence: float
    probabilities: dict[str, float]
    inference_ms: float
    possible: tuple[str, ...] = ()
    spread: tuple[float, float] | None = None


@dataclass(frozen=True)
class Standard:
    """Says how the outputs about pictures of one kind are read.

    Attributes:
        calibration: calibration that makes probabilities of logits.
        threshold: malignant probability in 0..1 from which on the verdict is malignant.
        scores: calibration scores of `ml.judging.conformal`, by the way to answer and by group;
            none where sets of diagnoses would promise nothing.
    """

    calibration: Calibration
    threshold: float
    scores: Mapping[str, Mapping[str, Array]]


def standards_of(bundle: Bundle, arrays: Mapping[str, Array]) -> dict[str, Standard]:
    """Return the standards of dermoscopic and of clinical pictures.

    Args:
        bundle: bundle of the network. Where it has no standard for clinical pictures, that of
            dermoscopic ones counts, except for the sets of diagnoses, because they would not hold
            what they promise.
        arrays: arrays of its limits, see `ml.judging.limits`.
    """
    own: dict[str, Any] = {"calibration": bundle.calibration, "threshold": bundle.threshold}
    described = {DERMOSCOPIC: own, CLINICAL: bundle.clinical or own}
    return {
        name: Standard(
            Calibration(found["calibration"]["temperature"], tuple(found["calibration"]["bias"])),
            found["threshold"],
            {
                answer: limits.conformal_scores(arrays, answer, name)
                for answer in (limits.PLAIN, limits.AVERAGED)
            },
        )
        for name, found in described.items()
    }


def judge(
    classes: tuple[str, ...],
    probabilities: list[float],
    malignant: float,
    threshold: float,
    elapsed: float,
) -> Judgement:
    """Return the judgement that the probabilities of one picture make.

    Args:
        classes: the classes in the order of the probabilities.
        probabilities: calibrated probabilities.
        malignant: sum of the probabilities of the malignant classes.
        threshold: see `Standard`.
        elapsed: milliseconds that it took.
    """
    verdict = MALIGNANT if malignant >= threshold else BENIGN
    return Judgement(
        verdict,
        malignant,
        malignant if verdict == MALIGNANT else 1 - malignant,
        dict(zip(classes, probabilities, strict=True)),
        elapsed,
    )
