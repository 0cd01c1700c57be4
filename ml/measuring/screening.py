"""Choose on validation pictures how a network tells the pictures that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ml import architectures
from ml.judging import novelty
from ml.judging.examination import outputs_of
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.measuring import novelty_fitting
from ml.taxonomy import DERMOSCOPIC, IMAGE_TYPES, OTHER

Array = np.ndarray
SEED = 20260
#: Among the methods, the network's second output has this name.
IMAGE_TYPE = "image_type"
#: A way beside that output must be worth so much, as a share of the pictures: less may be chance,
#: and on pictures of another hospital a way errs more than on those that it was fitted to.
WORTH = 0.01


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


class Seen(NamedTuple):
    """Holds what one run of a network gives about n pictures.

    Attributes:
        middle: ``float32 (n, d)``, means over the picture of what its middle layers give.
        last: ``float32 (n, d)``, what the layer before its outputs gives.
        logits: see `ml.judging.examination.Examination`.
        image_types: see there.
    """

    middle: Array
    last: Array
    logits: Array
    image_types: Array


def look(predictor: Predictor, *pictures: Array) -> list[Seen]:
    """Return what the network gives about each set of pictures ``uint8 (n, s, s, 3)``.

    It runs once on every picture, and gives all that any way to tell strange pictures looks at.
    """
    import keras
    import tensorflow as tf

    model, layers = predictor.model, architectures.layers_of(predictor.bundle.architecture)
    tail = ("logit", "image_type_logit") if predictor.bundle.image_types else ("logit",)
    names = (*layers.novelty, layers.last, *tail)
    inner = keras.Model(model.input, [model.get_layer(name).output for name in names])
    middle = len(layers.novelty)

    @tf.function(input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)])
    def see(batch: tf.Tensor) -> Seen:
        found = inner(tf.cast(batch, tf.float32), training=False)
        means = [
            tf.reduce_mean(part, (1, 2)) if len(part.shape) == 4 else part
            for part in found[: middle + 1]
        ]
        return Seen(tf.concat(means[:middle], 1), means[middle], *outputs_of(found[middle + 1 :]))

    def all_of(pixels: Array) -> Seen:
        starts = range(0, len(pixels), BATCH_SIZE)
        batches = [see(pixels[start : start + BATCH_SIZE]) for start in starts]
        return Seen(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))

    return [all_of(pixels) for pixels in pictures]


def compare(
    predictor: Predictor,
    training: Seen,
    exposed: Seen,
    real: Seen,
    sources: Array,
    strange: Seen,
    accepted: float,
) -> list[Candidate]:
    """Return every candidate, the best first.

    The best one rejects most of the strange pictures. Of equals, the one with the highest AUROC is
    best.

    Args:
        predictor: the network.
        training: what it gives about pictures that it learnt from.
        exposed: the same about pictures of anything else, to learn from.
        real: the same about dermoscopic pictures that it did not learn from.
        sources: sources of the real pictures.
        strange: the same about pictures of anything else, of which none is among the exposed ones.
        accepted: share of the real pictures of each source that must be accepted.
    """
    refused = _refused_by_type(predictor, real), _refused_by_type(predictor, strange)
    candidates = []
    for layers in ("middle", "last"):
        known, other, genuine, unknown = (
            getattr(seen, layers) for seen in (training, exposed, real, strange)
        )
        for method, (score, arrays) in _scores(known, other).items():
            found = score(genuine), score(unknown)
            candidates.append(_candidate(method, layers, arrays, found, sources, accepted, refused))
    temperature = predictor.standards[DERMOSCOPIC].calibration.temperature
    energies = tuple(novelty.energy(seen.logits, temperature) for seen in (real, strange))
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
    predictor: Predictor, real: Seen, sources: Array, strange: Seen
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
    scores = [seen.image_types[:, other] for seen in (real, strange)]
    refused = [_refused_by_type(predictor, seen) for seen in (real, strange)]
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
    share of real ones that it costs the source that loses most, by more than `WORTH`.

    Args:
        alone: the second output by itself.
        candidates: see `compare`.
    """

    def worth(candidate: Candidate) -> float:
        assert candidate.with_image_types
        rejected, accepted = candidate.with_image_types
        return (rejected - alone.rejected) - (alone.accepted - accepted)

    best = max(candidates, key=worth)
    return best if worth(best) > WORTH else None


def _refused_by_type(predictor: Predictor, seen: Seen) -> Array:
    """Return which pictures the second output calls something else, ``bool (n,)``."""
    return np.array([name == OTHER for name in predictor.tell(seen.image_types)])


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
