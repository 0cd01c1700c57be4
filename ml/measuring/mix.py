"""Weigh pictures, so that those of several sources together stand for one stated mix.

Collections hold far more malignant lesions than people bring to a doctor, and each holds another
share. Probabilities are fitted, and their calibration is measured, as if the share were the stated
one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.measuring.answers import malignancy

Array = np.ndarray


def weigh(samples: Array, domains: Mapping[str, float | None], share: float | None) -> Array:
    """Return how much each picture counts, ``float (n,)``: on average 1 if it counts at all.

    Pictures that are not known to be malignant or benign do not count.

    Args:
        samples: the pictures, ``object (n,)`` of `ml.data.manifest.Sample`.
        domains: how much each domain counts as a whole; a domain with None counts as its number of
            pictures. Domains that are not named do not count. Where none is named, every picture
            counts the same.
        share: share of malignant in (0, 1), within every domain that has both kinds and over all;
            None leaves it as it is.
    """
    known, malignant = malignancy(samples)
    names = np.array([sample.domain for sample in samples])
    weights = known.astype(float)
    if domains:
        weights *= np.isin(names, list(domains))
    for name in set(names[weights > 0]):
        inside = names == name
        weights[inside] = _mixed(weights[inside], malignant[inside], share)
        total = domains.get(name)
        if total is not None:
            weights[inside] *= total / weights[inside].sum()
    weights = _mixed(weights, malignant, share)
    return weights * (weights > 0).sum() / max(weights.sum(), 1e-12)


def _mixed(weights: Array, malignant: Array, share: float | None) -> Array:
    """Return weights with the same sum, of which malignant pictures have ``share``."""
    parts = [weights * (malignant == kind) for kind in (0, 1)]
    sums = [part.sum() for part in parts]
    if share is None or min(sums) == 0:
        return weights
    total = sum(sums)
    return parts[0] * (1 - share) * total / sums[0] + parts[1] * share * total / sums[1]
