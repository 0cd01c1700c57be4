"""Fit to validation pictures how a network's outputs about one kind of picture are read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ml.judging import calibration, limits
from ml.judging.calibration import BIAS_OF_EACH_CLASS, BIAS_OF_MALIGNANT, Calibration
from ml.judging.conformal import calibration_scores
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.judging.preprocessing import symmetries
from ml.measuring import evaluation
from ml.measuring.answers import Answers, TestSet, malignancy
from ml.packaging.bundle import Bundle
from ml.taxonomy import class_of
from ml.training.objective import targets_of

Array = np.ndarray


@dataclass(frozen=True)
class Fit:
    """Holds what was fitted to the pictures of one kind.

    Attributes:
        calibration: calibration that was fitted to all of them, as it is served.
        operating_point: see `ml.packaging.bundle.Bundle`.
        scores: scores, by name, of the probabilities without a calibration and with each. The
            calibrated probabilities of a picture come from a calibration fitted to other pictures.
        probabilities: probabilities that the scores of the chosen calibration are taken of,
            ``(n, classes)``.
    """

    calibration: Calibration
    operating_point: dict[str, Any]
    scores: dict[str, Any]
    probabilities: Array

    @property
    def described(self) -> dict[str, Any]:
        """Return the calibration as a bundle keeps it."""
        return asdict(self.calibration) | {"bias": list(self.calibration.bias)}


def in_batches(function: Any, pixels: Array) -> Array:
    """Return what ``function`` gives for all pictures, a batch at a time."""
    starts = range(0, len(pixels), BATCH_SIZE)
    return np.concatenate([function(pixels[start : start + BATCH_SIZE]) for start in starts])


def fit(
    bundle: Bundle, test: TestSet, logits: Array, *, bias: str | None, sensitivity: float
) -> Fit:
    """Return what fits pictures of one kind best.

    Args:
        bundle: bundle of the network.
        test: the pictures, with how much each counts.
        logits: logits of each, ``float (n, k)``.
        bias: one of `ml.judging.calibration.BIASES`, or None to fit the temperature alone.
        sensitivity: sensitivity that the operating point must reach.
    """
    targets = targets_of(test.samples, bundle.logits)
    is_malignant = [name in bundle.malignant for name in _named_by_logits(bundle)]
    biases: dict[str | None, Array | None] = {
        None: None,
        BIAS_OF_MALIGNANT: np.array([is_malignant]),
        BIAS_OF_EACH_CLASS: np.eye(bundle.logits),
    }
    fitted = calibration.fit(logits, targets, biases=biases[bias], weights=test.weights)
    compared = {
        "uncalibrated": calibration.identity(bundle.logits).probabilities(logits),
        **{
            _title(name): calibration.cross_validated(
                logits, targets, test.groups, biases=shared, weights=test.weights
            )
            for name, shared in biases.items()
        },
    }
    chosen = compared[_title(bias)]
    known, malignant = malignancy(test.samples)
    # The threshold is fitted to all pictures, as it is served. Its scores are those of
    # probabilities that were fitted to other pictures.
    threshold = calibration.threshold_for_sensitivity(
        malignant[known] == 1,
        Answers(fitted.probabilities(logits)).malignant[known],
        sensitivity,
        None if test.weights is None else test.weights[known],
    )
    reached = evaluation.headline(test, Answers(chosen, threshold))
    return Fit(
        calibration=fitted,
        operating_point={
            "sensitivity": sensitivity,
            "threshold": threshold,
            "pictures": int(known.sum()),
            "validation": {name: reached[name] for name in ("sensitivity", "specificity")},
        },
        scores={
            name: evaluation.score(test, Answers(probabilities, bundle.threshold))
            for name, probabilities in compared.items()
        },
        probabilities=chosen,
    )


def _named_by_logits(bundle: Bundle) -> tuple[str, ...]:
    """Return the classes that have a logit each; of two classes, it is that of the last."""
    return tuple(bundle.classes)[-bundle.logits :]


def _title(bias: str | None) -> str:
    return f"temperature, bias of {bias}" if bias else "temperature"


def conformal_arrays(
    predictor: Predictor,
    image_type: str,
    samples: Array,
    logits: Array,
    pixels: Array,
    fitted: Calibration,
) -> dict[str, Array]:
    """Return the calibration scores of one kind of picture by their names in ``limits.npz``.

    They need no weights, because the promise is made for malignant and for benign lesions apart.

    Args:
        predictor: the network.
        image_type: kind of the pictures.
        samples: the pictures, ``object (n,)``.
        logits: logits of each, ``float (n, k)``.
        pixels: pixels of each, ``uint8 (n, s, s, 3)``.
        fitted: their calibration.
    """
    bundle = predictor.bundle
    # A label that leaves the class open has no probability to keep.
    exact = [class_of(sample.label, bundle.classes) for sample in samples]
    chosen = np.array([label is not None for label in exact], bool)
    labels = [label for label in exact if label is not None]
    if not labels:
        return {}
    views = in_batches(
        lambda batch: predictor.logits(symmetries(batch)).reshape(len(batch), 8, -1), pixels[chosen]
    )
    averaged = fitted.probabilities(views.reshape(-1, views.shape[2]))
    answers = {
        limits.PLAIN: fitted.probabilities(logits[chosen]),
        limits.AVERAGED: averaged.reshape(len(views), 8, -1).mean(1),
    }
    return {
        limits.conformal_name(answer, group, image_type): found
        for answer, given in answers.items()
        for group, found in calibration_scores(
            given, labels, bundle.classes, bundle.malignant
        ).items()
    }
