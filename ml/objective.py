"""What a network is trained for: targets, the weight of each picture, loss and metrics.

A network with one output is trained for malignancy; one with seven for the diagnoses, also from
pictures whose label leaves the diagnosis open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from ml.manifest import Sample
from ml.taxonomy import DIAGNOSIS_CODES, LABELS

#: Keeps the logarithm of a probability finite.
SMALLEST = 1e-7


def targets_of(samples: Sequence[Sample], outputs: int) -> np.ndarray:
    """Return what a network with so many outputs is shown as truth.

    Returns:
        ``float32 (n, 1)``, 0 benign and 1 malignant; or ``(n, 7)``, 1 for every diagnosis that the
        label may stand for.
    """
    if outputs == 1:
        return np.array([[sample.target] for sample in samples], np.float32)
    return np.array(
        [[code in LABELS[sample.label] for code in DIAGNOSIS_CODES] for sample in samples],
        np.float32,
    )


def sample_weights(targets: np.ndarray, balance: float, coarse: float = 1.0) -> np.ndarray:
    """Return how much each picture counts.

    A picture of class k of K counts ``(n / (K * n_k)) ** balance``, where n_k of the n pictures
    whose label names one class are of class k: 1 makes the classes count the same, 0 the pictures.
    A coarse label counts as its classes do on average, times ``coarse``.

    Args:
        targets: of `targets_of`.
        balance: in 0..1.
        coarse: in 0..1.

    Returns:
        ``float64 (n,)``.
    """
    members = np.hstack([1 - targets, targets]) if targets.shape[1] == 1 else targets
    fine = members[members.sum(1) == 1]
    numbers = fine.sum(0, dtype=float)
    weights = np.divide(len(fine), len(numbers) * numbers, where=numbers > 0, out=numbers * 0)
    weights **= balance
    summed, among = members @ (numbers * weights), members @ numbers
    average = np.divide(summed, among, where=among > 0, out=np.ones(len(members)))
    return np.where(members.sum(1) > 1, coarse, 1.0) * average


@keras.saving.register_keras_serializable("skinsite")
class MarginalLikelihood(keras.losses.Loss):
    """Negative logarithm of the probability of what a label allows.

    A label that allows several classes is as likely as their probabilities' sum (Cour, Sapp &
    Taskar, "Learning from partial labels", JMLR 2011); one that names a class gives the usual
    cross-entropy.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "marginal_likelihood") -> None:
        """Choose the smoothing.

        Args:
            label_smoothing: share of the truth that is spread evenly over all classes, in 0..1
                (Szegedy et al., arXiv 1512.00567).
            name: of the loss.
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
def allowed(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Return for each picture 1 where the likeliest class is one that its label allows."""
    return ops.squeeze(
        ops.take_along_axis(y_true, ops.expand_dims(ops.argmax(y_pred, axis=-1), -1), axis=-1), -1
    )


@dataclass(frozen=True)
class Objective:
    """Loss and metrics to compile a network with."""

    loss: keras.losses.Loss
    metrics: list


def objective(outputs: int, label_smoothing: float) -> Objective:
    """Return what a network with so many outputs is trained for."""
    if outputs == 1:
        auroc = keras.metrics.AUC(name="auroc", num_thresholds=1000)
        loss = keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing)
        return Objective(loss, ["accuracy", auroc])
    accuracy = keras.metrics.MeanMetricWrapper(allowed, name="accuracy")
    return Objective(MarginalLikelihood(label_smoothing), [accuracy])
