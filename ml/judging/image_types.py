"""Tell how a picture was taken, from the probabilities of a network's second output.

A picture of anything else is told first. Of the others, a picture between the two thresholds of
dermoscopic against clinical is called by neither name. It is judged as clinical pictures are,
because those are answered more carefully.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES, OTHER

Array = np.ndarray

#: A bundle for which none were chosen has these thresholds, see `ml.packaging.bundle.Bundle`.
THRESHOLDS = {DERMOSCOPIC: 0.5, CLINICAL: 0.5, OTHER: 0.5}
SMALLEST = 1e-12


def dermoscopic_share(probabilities: Any) -> Any:
    """Return how likely dermoscopic is against clinical, ``(n,)`` in 0..1, also in a graph.

    Args:
        probabilities: ``float (n, 3)`` in the order of `IMAGE_TYPES`.
    """
    dermoscopic, clinical = (
        probabilities[:, IMAGE_TYPES.index(name)] + SMALLEST for name in (DERMOSCOPIC, CLINICAL)
    )
    return dermoscopic / (dermoscopic + clinical)


def tell(probabilities: Array, thresholds: Mapping[str, float]) -> list[str | None]:
    """Return how each picture was taken, one of `IMAGE_TYPES`.

    It is None where dermoscopic and clinical cannot be told apart, or the network tells no kinds
    apart at all.

    Args:
        probabilities: ``float (n, 3)``, or ``(n, 0)`` for a network that cannot tell.
        thresholds: see `ml.packaging.bundle.Bundle`.
    """
    if not probabilities.shape[1]:
        return [None] * len(probabilities)
    share = dermoscopic_share(probabilities)
    # Written as "not below", because a probability that is no number must count as other.
    other = ~(probabilities[:, IMAGE_TYPES.index(OTHER)] < thresholds[OTHER])
    called = (other, share >= thresholds[DERMOSCOPIC], share <= thresholds[CLINICAL])
    names = np.select(called, (OTHER, DERMOSCOPIC, CLINICAL), default="")
    return [str(name) or None for name in names]


def judge_as(probabilities: Array, thresholds: Mapping[str, float]) -> list[str]:
    """Return the kind whose standard each picture is judged by, dermoscopic or clinical.

    It is dermoscopic for every picture of a network that cannot tell.

    Args:
        probabilities: see `tell`.
        thresholds: see `tell`.
    """
    if not probabilities.shape[1]:
        return [DERMOSCOPIC] * len(probabilities)
    is_dermoscopic = dermoscopic_share(probabilities) >= thresholds[DERMOSCOPIC]
    return [DERMOSCOPIC if found else CLINICAL for found in is_dermoscopic]
