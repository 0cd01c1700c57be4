"""Choose from which probability on a picture is called dermoscopic, clinical or other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ml.data.manifest import Sample
from ml.judging.image_types import dermoscopic_share, tell
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES, OTHER

Array = np.ndarray

#: No threshold is surer than this, because one beyond it would call no further picture by its name.
SURE = 0.9
#: A domain with fewer pictures has no say in a threshold, unless all of its kind have fewer.
FEW = 50
#: A picture that is called neither dermoscopic nor clinical nor other is counted under this name.
BETWEEN = "between"


def choose_thresholds(
    samples: Sequence[Sample], probabilities: Array, accepted: float
) -> dict[str, float]:
    """Return thresholds by which, if possible, enough pictures are called by their name.

    Half of what may be lost may be lost to ``other``. Otherwise the threshold of that is low enough
    that the promised share of pictures of other things is found. The rest may be lost between the
    thresholds of dermoscopic and of clinical, which lie as far apart as the promise and `SURE`
    allow. Where the promise can be kept for only one of these two kinds, both thresholds are the
    one value that is best for the worst domain.

    Args:
        samples: validation pictures.
        probabilities: probabilities of each, ``float (n, 3)``; they count in single precision.
        accepted: promised share in (0, 1) of every domain that is called by its name.
    """
    types = np.array([sample.image_type for sample in samples])
    names = np.array([sample.domain for sample in samples])
    probabilities = probabilities.astype(np.float32)
    share, other = dermoscopic_share(probabilities), probabilities[:, IMAGE_TYPES.index(OTHER)]
    lost = (1 - accepted) / 2

    def quantiles(of: Array, kind: str, at: float) -> list[float]:
        return [float(np.quantile(of[domain], at)) for domain in _domains(types, names, kind)]

    genuine = [
        found for kind in (DERMOSCOPIC, CLINICAL) for found in quantiles(other, kind, 1 - lost)
    ]
    found = [0.5, *quantiles(other, OTHER, 1 - accepted)]
    dermoscopic = min([SURE, *quantiles(share, DERMOSCOPIC, lost)])
    clinical = max([1 - SURE, *quantiles(share, CLINICAL, 1 - lost)])
    if clinical > dermoscopic:
        dermoscopic = clinical = _best_for_the_worst(share, types, names)
    # A picture at the threshold already counts as other, so a picture with just the quantile must
    # lie below it, also in the single precision in which the two are compared.
    highest = float(np.nextafter(np.float32(max(genuine, default=0.0)), np.float32(1)))
    return {DERMOSCOPIC: dermoscopic, CLINICAL: clinical, OTHER: max(highest, min(found))}


def _domains(types: Array, names: Array, kind: str) -> list[Array]:
    """Return the pictures of each domain of one kind, each ``bool (n,)``.

    Domains with few pictures are left out, unless there is no other.
    """
    found = [(types == kind) & (names == name) for name in sorted(set(names[types == kind]))]
    return [domain for domain in found if domain.sum() >= FEW] or found


def _best_for_the_worst(share: Array, types: Array, names: Array) -> float:
    """Return the threshold at which the worst domain has most pictures called by their name."""
    domains = [
        (share[domain], kind == DERMOSCOPIC)
        for kind in (DERMOSCOPIC, CLINICAL)
        for domain in _domains(types, names, kind)
    ]
    candidates = np.unique(share[np.isin(types, (DERMOSCOPIC, CLINICAL))])
    worst = np.min(
        [
            [np.mean((found >= candidate) == is_it) for candidate in candidates]
            for found, is_it in domains
        ],
        axis=0,
    )
    return float(candidates[worst.argmax()])


def shares_called(
    samples: Iterable[Sample], image_types: Iterable[str | None]
) -> dict[str, dict[str, float]]:
    """Return, by domain, how many ``pictures`` there are and the share called by each name.

    Args:
        samples: the pictures.
        image_types: what each is called, see `ml.judging.image_types.tell`; None or empty where
            that is left open.
    """
    names = np.array([sample.domain or "unnamed" for sample in samples])
    called = np.array([name or BETWEEN for name in image_types])
    return {
        domain: {"pictures": int((names == domain).sum())}
        | {
            name: float((called[names == domain] == name).mean())
            for name in (*IMAGE_TYPES, BETWEEN)
        }
        for domain in sorted(set(names))
    }


def called_by(
    samples: Sequence[Sample], probabilities: Array, thresholds: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Return `shares_called` of pictures that the thresholds tell by these probabilities."""
    return shares_called(samples, tell(probabilities, thresholds))
