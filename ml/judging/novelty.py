"""Scores say how unlike the training pictures a picture is, so that a cat gets no diagnosis.

A score is higher for a stranger picture. Three scores are fitted without pictures of anything else:

- ``mahalanobis`` is the distance of the features from their mean, in units of their spread (Lee et
  al., "A simple unified framework for detecting out-of-distribution samples", arXiv 1807.03888);
- ``nearest_neighbours`` is the distance to the k-th nearest training picture (Sun et al.,
  "Out-of-distribution detection with deep nearest neighbors", arXiv 2204.06507);
- ``energy`` is minus the log-sum-exp of the logits (Liu et al., "Energy-based out-of-distribution
  detection", arXiv 2010.03759).

One score learns from pictures of other things:

- ``outlier_exposure`` is the log-odds of a logistic regression on the features, between training
  pictures and those (after Hendrycks, Mazeika & Dietterich, "Deep anomaly detection with outlier
  exposure", arXiv 1812.04606). There the network itself learns from them. Here only the regression
  that looks at its features does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

#: Of the nearest training pictures, the one at this place counts.
NEIGHBOUR = 5


@dataclass(frozen=True)
class Whitening:
    """Turns features into principal components of unit variance.

    Attributes:
        mean: ``float32 (d,)``.
        components: ``float32 (d, c)``, each divided by its standard deviation.
    """

    mean: Array
    components: Array

    def __call__(self, features: Array) -> Array:
        """Return ``float32 (n, c)`` of ``features`` ``(n, d)``."""
        return (features - self.mean) @ self.components


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
        logits: ``float (n, k)``; to a single logit, a second one of 0 is added.
        temperature: see `ml.judging.calibration.Calibration`.
    """
    scaled = np.asarray(logits, float) / temperature
    if scaled.shape[1] == 1:
        scaled = np.hstack([np.zeros_like(scaled), scaled])
    largest = scaled.max(1)
    return -(largest + np.log(np.exp(scaled - largest[:, None]).sum(1)))


@dataclass(frozen=True)
class Exposure:
    """Holds the direction in which other things lie.

    Attributes:
        mean: ``float32 (d,)``, mean of the training pictures.
        direction: ``float32 (d,)``.
        offset: ``float32 (1,)``, the log-odds at the mean.
    """

    mean: Array
    direction: Array
    offset: Array

    def __call__(self, features: Array) -> Array:
        """Return the log-odds, ``float (n,)``, of ``features`` ``(n, d)``."""
        return (features - self.mean) @ self.direction + self.offset
