"""How common each diagnosis is in a source must not be learnt as what its pictures look like.

One collection is mostly malignant and another hardly ever, and each has its own cameras. A network
learns to tell them apart, and then answers by how common a diagnosis is where such pictures come
from. So the loss adds that knowledge to the network's logits (Menon et al., arXiv 2007.07314,
equation 10, by source): what is left for the network to learn is what speaks for each diagnosis,
as if all were equally common.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.data.manifest import Sample
from ml.training.objective import targets_of

Array = np.ndarray

#: A diagnosis that a source has hardly or never is taken to be this common, so that the network
#: still learns that it is rare to be confused with those that are there.
RAREST = 0.01


def domain_priors(samples: Sequence[Sample], chances: Array, logits: int) -> Array:
    """Return how common each diagnosis is among the pictures drawn from a sample's domain.

    A label that allows several diagnoses stands for each as often as it is drawn, over all
    domains, where the label names one.

    Args:
        samples: the training pictures.
        chances: how likely each is to be drawn, ``float (n,)``, see `ml.training.batches.chances`.
        logits: number of the network's logits, one a diagnosis.

    Returns:
        ``float32 (n, logits)``; each row sums to 1.
    """
    allowed = targets_of(samples, logits).astype(float)
    named = allowed.sum(1) == 1
    overall = _floored(chances[named] @ allowed[named])
    spread = allowed * overall
    spread *= (chances / spread.sum(1))[:, None]
    domains = np.array([sample.domain for sample in samples])
    found = np.empty_like(allowed)
    for domain in set(domains.tolist()):
        members = domains == domain
        found[members] = _floored(spread[members].sum(0))
    return found.astype(np.float32)


def _floored(common: Array) -> Array:
    """Return the shares of what is counted, none of them below the rarest."""
    shares = common / max(common.sum(), 1e-12)
    return (1 - RAREST * len(shares)) * shares + RAREST
