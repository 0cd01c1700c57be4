"""Targets and loss decide what a network is trained for.

A network with one logit is trained for malignancy. One with more is trained for the diagnoses, also
from pictures whose label leaves the diagnosis open. A second output tells the kind of picture.
"""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from ml.data.manifest import Sample
from ml.taxonomy import (
    DIAGNOSIS_CODES,
    IMAGE_TYPES,
    LABELS,
    SCC_AMONG_SEVEN,
    SEVEN_CODES,
)

#: A probability is at least this, so that its logarithm stays finite.
SMALLEST = 1e-7


def targets_of(samples: Iterable[Sample], logits: int) -> np.ndarray:
    """Return the truth that a network with so many logits is shown.

    Returns:
        ``float32 (n, 1)``, with 0 for benign and 1 for malignant; or ``(n, logits)``, with 1 for
        every diagnosis that the label may stand for. Among seven, ``scc`` is replaced by the
        diagnosis that it counts as there.
    """
    if logits == 1:
        return np.array([[sample.target] for sample in samples], np.float32)
    codes = DIAGNOSIS_CODES if logits == len(DIAGNOSIS_CODES) else SEVEN_CODES
    rows = []
    for sample in samples:
        allowed = set(LABELS[sample.label])
        if "scc" in allowed and "scc" not in codes:
            allowed.add(SCC_AMONG_SEVEN)
        rows.append([code in allowed for code in codes])
    return np.array(rows, np.float32)


def image_type_targets(samples: Iterable[Sample]) -> np.ndarray:
    """Return ``float32 (n, 3)``, with 1 for every kind of picture that a sample may be."""
    return np.array(
        [[sample.image_type in ("", name) for name in IMAGE_TYPES] for sample in samples],
        np.float32,
    )


@keras.saving.register_keras_serializable("skinsite")
class MarginalLikelihood(keras.losses.Loss):
    """Computes the negative logarithm of the probability of what a label allows.

    A label that allows several classes is as likely as their probabilities' sum (Cour, Sapp &
    Taskar, "Learning from partial labels", JMLR 2011). A label that names one class gives the usual
    cross-entropy.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "marginal_likelihood") -> None:
        """Choose the smoothing.

        Args:
            label_smoothing: share of the truth that is spread evenly over all classes, in 0..1
                (Szegedy et al., arXiv 1512.00567).
            name: name of the loss.
        """
        super().__init__(name=name)
        self.label_smoothing = label_smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each picture, ``(batch,)``."""
        allowed = ops.sum(y_true * y_pred, axis=-1)
        likelihood = -ops.log(ops.maximum(allowed, SMALLEST))
        spread = -ops.mean(ops.log(ops.maximum(y_pred, SMALLEST)), axis=-1)
        return (1 - self.label_smoothing) * likelihood + self.label_smoothing * spread


@keras.saving.register_keras_serializable("skinsite")
class PriorAdjustedLikelihood(MarginalLikelihood):
    """Computes the same, where the network was told how common each class is in the source.

    The truth of a picture is followed by these priors, ``(batch, 2 x classes)``, see
    `ml.training.priors`.
    """

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each picture, ``(batch,)``."""
        allowed, priors = ops.split(y_true, 2, axis=-1)
        weighted = y_pred * priors
        return super().call(allowed, weighted / ops.sum(weighted, axis=-1, keepdims=True))


def losses(
    logits: int, label_smoothing: float, image_type_weight: float, *, prior_adjustment: bool = False
) -> tuple[list[keras.losses.Loss], list[float]]:
    """Return the loss of each of a network's outputs, and how much it counts.

    Args:
        logits: number of the network's logits.
        label_smoothing: smoothing of every loss, in 0..1.
        image_type_weight: how much the kind of picture counts; 0 where the network does not tell
            it.
        prior_adjustment: whether the first output's truth is followed by priors.
    """
    first = (
        keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
        if logits == 1
        else (PriorAdjustedLikelihood if prior_adjustment else MarginalLikelihood)(label_smoothing)
    )
    if not image_type_weight:
        return [first], [1.0]
    return [first, MarginalLikelihood(label_smoothing)], [1.0, image_type_weight]
