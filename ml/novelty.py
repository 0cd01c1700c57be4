"""How unlike the training pictures a picture is to the network, so that a cat gets no diagnosis.

Scores, higher for what is stranger. Three need no pictures of anything else to fit:

- ``mahalanobis``: distance of the features from their mean, in units of their spread (Lee et al.,
  "A simple unified framework for detecting out-of-distribution samples", arXiv 1807.03888);
- ``nearest_neighbours``: distance to the k-th nearest training picture (Sun et al.,
  "Out-of-distribution detection with deep nearest neighbors", arXiv 2204.06507);
- ``energy``: minus the log-sum-exp of the logits (Liu et al., "Energy-based out-of-distribution
  detection", arXiv 2010.03759).

One learns from pictures of other things:

- ``outlier_exposure``: log-odds of a logistic regression on the features, between training pictures
  and those (after Hendrycks, Mazeika & Dietterich, "Deep anomaly detection with outlier exposure",
  arXiv 1812.04606; there the network itself learns from them, here only what looks at it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

#: Principal components that the distances are taken in: beyond, there is mostly noise.
COMPONENTS = 256
#: Training pictures that neighbours are looked for among, and the neighbour that counts.
REFERENCES, NEIGHBOUR = 2000, 5


@dataclass(frozen=True)
class Whitening:
    """Features as principal components of unit variance.

    Attributes:
        mean: ``float32 (d,)``.
        components: ``float32 (d, c)``, each divided by its standard deviation.
    """

    mean: Array
    components: Array

    def __call__(self, features: Array) -> Array:
        """Return ``float32 (n, c)`` of ``features`` ``(n, d)``."""
        return (features - self.mean) @ self.components


def fit_whitening(features: Array, components: int | None = COMPONENTS) -> Whitening:
    """Return the whitening of training features ``float (n, d)``; None keeps every component.

    Each feature is brought to one scale first, so that no layer drowns the others.
    """
    mean, scale = features.mean(0), features.std(0) + 1e-6
    _, lengths, axes = np.linalg.svd((features - mean) / scale, full_matrices=False)
    kept = min(components or len(lengths), int((lengths > 1e-4 * lengths[0]).sum()))
    spread = lengths[:kept] / np.sqrt(len(features))
    return Whitening(
        mean.astype(np.float32), (axes[:kept].T / spread / scale[:, None]).astype(np.float32)
    )


def mahalanobis(whitened: Array) -> Array:
    """Return the distance from the mean of the training pictures, ``float (n,)``."""
    return np.sqrt((whitened**2).sum(1))


def nearest_neighbours(whitened: Array, references: Array) -> Array:
    """Return the distance to the `NEIGHBOUR`-th nearest of ``references``, ``float (n,)``."""
    squared = (whitened**2).sum(1)[:, None] + (references**2).sum(1) - 2 * whitened @ references.T
    place = min(NEIGHBOUR, len(references)) - 1
    return np.sqrt(np.maximum(np.partition(squared, place, axis=1)[:, place], 0))


def energy(logits: Array, temperature: float) -> Array:
    """Return minus the log-sum-exp of the logits over the temperature, ``float (n,)``.

    Args:
        logits: ``float (n, k)``; a single logit stands beside one of 0.
        temperature: see `ml.calibration.Calibration`.
    """
    scaled = np.asarray(logits, float) / temperature
    if scaled.shape[1] == 1:
        scaled = np.hstack([np.zeros_like(scaled), scaled])
    largest = scaled.max(1)
    return -(largest + np.log(np.exp(scaled - largest[:, None]).sum(1)))


@dataclass(frozen=True)
class Exposure:
    """A direction in which other things lie.

    Attributes:
        mean: ``float32 (d,)``, of the training pictures.
        direction: ``float32 (d,)``.
        offset: ``float32 (1,)``, the log-odds at the mean.
    """

    mean: Array
    direction: Array
    offset: Array

    def __call__(self, features: Array) -> Array:
        """Return the log-odds, ``float (n,)``, of ``features`` ``(n, d)``."""
        return (features - self.mean) @ self.direction + self.offset


def fit_exposure(features: Array, others: Array) -> Exposure:
    """Return what parts training features ``float (n, d)`` from those of ``others`` ``(m, d)``.

    Both count the same, however many there are of each.
    """
    from sklearn.linear_model import LogisticRegression

    whitening = fit_whitening(features, components=None)
    # The strength of the penalty was chosen on validation pictures.
    regression = LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced").fit(
        np.concatenate([whitening(features), whitening(others)]),
        np.repeat([0, 1], [len(features), len(others)]),
    )
    direction = whitening.components @ regression.coef_[0]
    return Exposure(
        whitening.mean, direction.astype(np.float32), regression.intercept_.astype(np.float32)
    )


def accepting(scores: Array, sources: Array, share: float) -> float:
    """Return the lowest threshold that accepts ``share`` of the pictures of every source.

    Args:
        scores: of real pictures, ``float (n,)``.
        sources: where each is from, ``(n,)``.
        share: in (0, 1].
    """
    return float(max(np.quantile(scores[sources == name], share) for name in np.unique(sources)))
