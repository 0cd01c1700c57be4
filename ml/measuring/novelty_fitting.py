"""Fit what tells strange pictures to training pictures, see `ml.judging.novelty`."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from ml.judging.novelty import Exposure, Whitening

Array = np.ndarray

#: The distances are taken in so many principal components; beyond them there is mostly noise.
COMPONENTS = 256
#: Neighbours are looked for among so many training pictures.
REFERENCES = 2000


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


def fit_exposure(features: Array, others: Array) -> Exposure:
    """Return what separates training features ``float (n, d)`` from ``others`` ``(m, d)``.

    Both sides count the same, however many pictures each has.
    """
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
        scores: scores of real pictures, ``float (n,)``.
        sources: source that each picture is from, ``(n,)``.
        share: share in (0, 1] that is accepted.
    """
    return float(max(np.quantile(scores[sources == name], share) for name in np.unique(sources)))
