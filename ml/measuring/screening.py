"""Choose on validation pictures how a network tells the pictures that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import architectures
from ml.judging import novelty
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.measuring import novelty_fitting
from ml.taxonomy import DERMOSCOPIC, IMAGE_TYPES, OTHER

Array = np.ndarray
SEED = 20260
#: Among the methods, the network's second output has this name.
IMAGE_TYPE = "image_type"


@dataclass(frozen=True)
class Candidate:
    """Holds one way to tell strange pictures.

    Attributes:
        method: see `ml.judging.novelty`.
        layers: ``middle`` or ``last``; empty for the energy, which looks at the logits.
        arrays: arrays that it needs, see `ml.judging.limits`.
        threshold: threshold of its score.
        auroc: chance that a strange picture scores higher than a real one.
        rejected: share of the strange pictures beyond the threshold.
        accepted: share of the real pictures within it, in the source that loses most.
        with_image_types: ``rejected`` and ``accepted`` if a picture is also refused where the
            network's second output calls it something else. For a network without that output they
            are the same two shares.
    """

    method: str
    layers: str
    arrays: dict[str, Array]
    threshold: float
    auroc: float
    rejected: float
    accepted: float
    with_image_types: tuple[float, float] | None = None


def features(predictor: Predictor, layers: Sequence[str], pixels: Array) -> Array:
    """Return the outputs of ``layers``, each as a mean over the picture, ``float32 (n, d)``."""
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

    The best one rejects most of the strange pictures. Of equals, the one with the highest AUROC is
    best.

    Args:
        predictor: the network.
        training: pictures that it learnt from, ``uint8 (n, s, s, 3)``.
        exposed: pictures of anything else, to learn from.
        real: dermoscopic pictures that it did not learn from.
        sources: sources of the real pictures.
        strange: pictures of anything else, of which none is among the exposed ones.
        accepted: share of the real pictures of each source that must be accepted.
    """
    layers = architectures.layers_of(predictor.bundle.architecture)
    refused = _refused_by_type(predictor, real), _refused_by_type(predictor, strange)
    candidates = []
    for title, names in (("middle", layers.novelty), ("last", (layers.last,))):
        known, other, genuine, unknown = (
            features(predictor, names, pixels) for pixels in (training, exposed, real, strange)
        )
        for method, (score, arrays) in _scores(known, other).items():
            found = score(genuine), score(unknown)
            candidates.append(_candidate(method, title, arrays, found, sources, accepted, refused))
    temperature = predictor.standards[DERMOSCOPIC].calibration.temperature
    energies = tuple(
        novelty.energy(in_batches(predictor.logits, pixels), temperature)
        for pixels in (real, strange)
    )
    candidates.append(_candidate("energy", "", {}, energies, sources, accepted, refused))
    return sorted(candidates, key=lambda found: (-found.rejected, -found.auroc))


def _scores(
    known: Array, exposed: Array
) -> dict[str, tuple[Callable[[Array], Array], dict[str, Array]]]:
    """Return, by name, the ways to score features, and the arrays that each needs."""
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


def by_image_type(
    predictor: Predictor, real: Array, sources: Array, strange: Array
) -> Candidate | None:
    """Return what the network's second output refuses by itself, or None where it has none.

    Args:
        predictor: the network.
        real: see `compare`.
        sources: see `compare`.
        strange: see `compare`.
    """
    if not predictor.bundle.image_types:
        return None
    other = IMAGE_TYPES.index(OTHER)
    scores = [
        in_batches(lambda batch: predictor.outputs(batch).image_types[:, other], pixels)
        for pixels in (real, strange)
    ]
    refused = [_refused_by_type(predictor, pixels) for pixels in (real, strange)]
    return Candidate(
        IMAGE_TYPE,
        "",
        {},
        predictor.image_type_thresholds[OTHER],
        _auroc(*scores),
        float(refused[1].mean()),
        _worst_accepted(refused[0], sources),
    )


def best_in_addition(alone: Candidate, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the way that is worth having beside the second output, or None where none is.

    A way is worth it if the share of strange pictures that it refuses in addition is more than the
    share of real ones that it costs the source that loses most.

    Args:
        alone: the second output by itself.
        candidates: see `compare`.
    """

    def worth(candidate: Candidate) -> float:
        assert candidate.with_image_types
        rejected, accepted = candidate.with_image_types
        return (rejected - alone.rejected) - (alone.accepted - accepted)

    best = max(candidates, key=worth)
    return best if worth(best) > 0 else None


def _refused_by_type(predictor: Predictor, pixels: Array) -> Array:
    """Return which pictures the second output calls something else, ``bool (n,)``."""
    told = predictor.tell(in_batches(lambda batch: predictor.outputs(batch).image_types, pixels))
    return np.array([name == OTHER for name in told])


def _worst_accepted(refused: Array, sources: Array) -> float:
    return float(min(1 - refused[sources == name].mean() for name in np.unique(sources)))


def _auroc(real: Array, strange: Array) -> float:
    below = np.searchsorted(np.sort(real), strange, side="left").mean() / len(real)
    return float(below)


def _candidate(
    method: str,
    layers: str,
    arrays: dict[str, Array],
    scores: tuple[Array, ...],
    sources: Array,
    accepted: float,
    by_type: tuple[Array, Array],
) -> Candidate:
    real, strange = scores
    threshold = novelty_fitting.accepting(real, sources, accepted)
    refused = real > threshold, strange > threshold
    either = [own | other for own, other in zip(refused, by_type, strict=True)]
    return Candidate(
        method,
        layers,
        arrays,
        threshold,
        _auroc(real, strange),
        float(refused[1].mean()),
        _worst_accepted(refused[0], sources),
        (float(either[1].mean()), _worst_accepted(either[0], sources)),
    )
