"""Choose how a network tells pictures that it does not know, on validation pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import architectures
from ml.judging import novelty
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.measuring import novelty_fitting
from ml.taxonomy import DERMOSCOPIC

Array = np.ndarray
SEED = 20260


@dataclass(frozen=True)
class Candidate:
    """One way of telling strange pictures.

    Attributes:
        method: see `ml.judging.novelty`.
        layers: ``middle`` or ``last``; empty for the energy, which looks at the logits.
        arrays: what it needs, see `ml.judging.limits`.
        threshold: of its score.
        auroc: chance that a strange picture scores higher than a real one.
        rejected: share of the strange pictures beyond the threshold.
    """

    method: str
    layers: str
    arrays: dict[str, Array]
    threshold: float
    auroc: float
    rejected: float


def features(predictor: Predictor, layers: Sequence[str], pixels: Array) -> Array:
    """Return what ``layers`` give, each a mean over the picture, ``float32 (n, d)``."""
    import keras
    import tensorflow as tf

    outputs = [predictor.model.get_layer(name).output for name in layers]
    inner = keras.Model(predictor.model.input, outputs)

    @tf.function(input_signature=[tf.TensorSpec((None, *pixels.shape[1:]), tf.uint8)])
    def pooled(batch: tf.Tensor) -> tf.Tensor:
        found = inner(tf.cast(batch, tf.float32), training=False)
        found = found if isinstance(found, list) else [found]
        return tf.concat(
            [tf.reduce_mean(part, (1, 2)) if len(part.shape) == 4 else part for part in found], 1
        )

    return in_batches(lambda batch: pooled(batch).numpy(), pixels)


def in_batches(function: Any, pixels: Array) -> Array:
    """Return what ``function`` gives for all pictures, a batch at a time."""
    starts = range(0, len(pixels), BATCH_SIZE)
    return np.concatenate([function(pixels[start : start + BATCH_SIZE]) for start in starts])


def compare(
    predictor: Predictor,
    training: Array,
    exposed: Array,
    real: Array,
    sources: Array,
    strange: Array,
    accepted: float,
) -> list[Candidate]:
    """Return every candidate, the best first.

    The best rejects most of the strange pictures; of equals, the one with the highest AUROC.

    Args:
        predictor: the network.
        training: pictures that it learnt from, ``uint8 (n, s, s, 3)``.
        exposed: pictures of anything else, to learn from.
        real: dermoscopic pictures that it did not learn from.
        sources: of the real pictures.
        strange: pictures of anything else, of which none is among the exposed ones.
        accepted: share of the real pictures of each source that must be accepted.
    """
    layers = architectures.layers_of(predictor.bundle.architecture)
    candidates = []
    for title, names in (("middle", layers.novelty), ("last", (layers.last,))):
        known, other, genuine, unknown = (
            features(predictor, names, pixels) for pixels in (training, exposed, real, strange)
        )
        for method, (score, arrays) in _scores(known, other).items():
            found = score(genuine), score(unknown)
            candidates.append(_candidate(method, title, arrays, found, sources, accepted))
    temperature = predictor.standards[DERMOSCOPIC].calibration.temperature
    energies = tuple(
        novelty.energy(in_batches(predictor.logits, pixels), temperature)
        for pixels in (real, strange)
    )
    candidates.append(_candidate("energy", "", {}, energies, sources, accepted))
    return sorted(candidates, key=lambda found: (-found.rejected, -found.auroc))


def _scores(
    known: Array, exposed: Array
) -> dict[str, tuple[Callable[[Array], Array], dict[str, Array]]]:
    """Return by name how features are scored, and the arrays that this needs."""
    whitening = novelty_fitting.fit_whitening(known)
    whitened = whitening(known)
    chosen = np.random.default_rng(SEED).permutation(len(whitened))[: novelty_fitting.REFERENCES]
    references = whitened[chosen]
    exposure = novelty_fitting.fit_exposure(known, exposed)
    arrays = {"mean": whitening.mean, "components": whitening.components}
    return {
        "mahalanobis": (lambda found: novelty.mahalanobis(whitening(found)), arrays),
        "nearest_neighbours": (
            lambda found: novelty.nearest_neighbours(whitening(found), references),
            {**arrays, "references": references},
        ),
        "outlier_exposure": (exposure, vars(exposure)),
    }


def _candidate(
    method: str,
    layers: str,
    arrays: dict[str, Array],
    scores: tuple[Array, ...],
    sources: Array,
    accepted: float,
) -> Candidate:
    real, strange = scores
    threshold = novelty_fitting.accepting(real, sources, accepted)
    below = np.searchsorted(np.sort(real), strange, side="left").mean() / len(real)
    rejected = float((strange > threshold).mean())
    return Candidate(method, layers, arrays, threshold, float(below), rejected)
