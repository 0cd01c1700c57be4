"""Turn a network's logits into probabilities that can be believed, and choose where to act.

The probabilities are ``softmax(logits / temperature + bias)``. The one temperature undoes the
over-confidence of a trained network (Guo et al., "On calibration of modern neural networks", arXiv
1706.04599). The bias of each class undoes the shift of the class frequencies that weighted training
leaves (Alexandari, Kundaje & Shrikumar, "Maximum likelihood with bias-corrected calibration", ICML
2020). Classes may share a bias, where only the frequency of all of them together has shifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

#: One of these may be fitted beside the temperature: a bias that the malignant classes share, or
#: one of each class.
BIAS_OF_MALIGNANT, BIAS_OF_EACH_CLASS = "malignant", "classes"
BIASES = (BIAS_OF_MALIGNANT, BIAS_OF_EACH_CLASS)
#: The cross-validation that compares calibrations has so many folds.
FOLDS = 5
SMALLEST = 1e-12


@dataclass(frozen=True)
class Calibration:
    """Turns logits into probabilities.

    Attributes:
        temperature: number above 0; 1 leaves the logits alone, more makes the network less sure.
        bias: what is added to each logit over the temperature; zeros change nothing.
    """

    temperature: float
    bias: tuple[float, ...]

    def probabilities(self, logits: Array) -> Array:
        """Return the calibrated probabilities.

        Args:
            logits: ``float (n, k)``; a single logit is that of malignant.

        Returns:
            ``float64 (n, k)`` in the order of the classes. A single logit gives ``(n, 2)``, benign
            and malignant. Each row sums to 1.
        """
        scaled = np.asarray(logits, float) / self.temperature + np.array(self.bias)
        if scaled.shape[1] == 1:
            scaled = np.hstack([np.zeros_like(scaled), scaled])
        likelihood = np.exp(scaled - scaled.max(1, keepdims=True))
        return likelihood / likelihood.sum(1, keepdims=True)


def identity(logits: int) -> Calibration:
    """Return the calibration that changes nothing, for a network with so many logits."""
    return Calibration(1.0, (0.0,) * logits)


def fit(
    logits: Array, targets: Array, *, biases: Array | None = None, weights: Array | None = None
) -> Calibration:
    """Return the calibration under which the labels are likeliest.

    Args:
        logits: ``float (n, k)`` on pictures the network has not learnt from.
        targets: truth about the same pictures, see `ml.training.objective.targets_of`.
        biases: biases to fit beside the temperature, ``bool (m, k)``; each row marks the classes
            that one of them counts for.
        weights: how much each picture counts, ``float (n,)``; by default all the same.
    """
    from scipy.optimize import minimize

    width = logits.shape[1]
    shared = np.zeros((0, width)) if biases is None else np.asarray(biases, float)

    def calibration(parameters: Array) -> Calibration:
        bias = parameters[1:] @ shared
        # A bias that all classes share changes no probability, so it is taken out.
        centred = bias - bias.mean() if width > 1 else bias
        return Calibration(float(np.exp(parameters[0])), tuple(centred.tolist()))

    def loss(parameters: Array) -> float:
        probabilities = calibration(parameters).probabilities(logits)
        return negative_log_likelihood(probabilities, targets, weights)

    start = np.zeros(1 + len(shared))
    return calibration(minimize(loss, start, method="L-BFGS-B").x)


def cross_validated(
    logits: Array,
    targets: Array,
    groups: Array,
    *,
    biases: Array | None = None,
    weights: Array | None = None,
) -> Array:
    """Return the probabilities of every picture by a calibration fitted to the other folds.

    Args:
        logits: ``float (n, k)``.
        targets: see `fit`.
        groups: ``int (n,)``; pictures of one group stay in one fold.
        biases: see `fit`.
        weights: see `fit`.
    """
    weights = np.ones(len(logits)) if weights is None else weights
    folds = np.unique(groups, return_inverse=True)[1] % FOLDS
    found = np.empty((len(logits), max(2, logits.shape[1])))
    for fold in range(FOLDS):
        others = folds != fold
        calibration = fit(logits[others], targets[others], biases=biases, weights=weights[others])
        found[~others] = calibration.probabilities(logits[~others])
    return found


def negative_log_likelihood(
    probabilities: Array, targets: Array, weights: Array | None = None
) -> float:
    """Return the mean of what training minimises, the marginal likelihood; see `fit`."""
    members = np.hstack([1 - targets, targets]) if targets.shape[1] == 1 else targets
    losses = -np.log(np.maximum((members * probabilities).sum(1), SMALLEST))
    return float(np.average(losses, weights=weights))


def threshold_for_sensitivity(
    malignant: Array, probabilities: Array, sensitivity: float, weights: Array | None = None
) -> float:
    """Return the highest threshold that still finds this share of the malignant pictures.

    Args:
        malignant: ``bool (n,)``, at least one of them True.
        probabilities: probability of malignant, ``float (n,)``.
        sensitivity: share in (0, 1] that must be found.
        weights: see `fit`.
    """
    counted = np.ones(len(malignant)) if weights is None else weights
    order = np.argsort(-probabilities[malignant], kind="stable")
    found = np.cumsum(counted[malignant][order])
    # A rounding error must not cost a threshold that finds exactly the wanted share.
    enough = found >= sensitivity * found[-1] * (1 - 1e-9)
    return float(probabilities[malignant][order][enough.argmax()])


def malignant_probability(
    probabilities: Array, classes: Sequence[str], malignant: Sequence[str]
) -> Array:
    """Return the sum of the malignant classes' probabilities, ``float (n,)`` in 0..1."""
    chosen = [name in malignant for name in classes]
    return np.clip(probabilities[:, chosen].sum(1), 0.0, 1.0)
