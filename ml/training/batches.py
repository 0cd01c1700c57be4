"""Random, augmented batches feed a network while it trains."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ml.data.manifest import Sample
from ml.errors import InputError
from ml.taxonomy import LABELS

Array = np.ndarray

#: So many batches are made before they are needed.
AHEAD = 6


def chances(
    samples: Sequence[Sample],
    *,
    class_balance: float,
    coarse_weight: float,
    shares: Mapping[str, float] | None,
) -> Array:
    """Return how likely each picture is to be the next one drawn, ``float64 (n,)``.

    A picture of one of n_k pictures of a class counts ``n_k ** -class_balance`` in its domain, and
    each domain has its share.

    Args:
        samples: the training pictures.
        class_balance: see `ml.training.runs.TrainingSettings`.
        coarse_weight: see the same settings.
        shares: see the same settings.

    Raises:
        InputError: the shares are not those of the domains.
    """
    named = [sample.domain for sample in samples]
    if shares is not None and set(shares) != set(named):
        raise InputError(
            "Give a --share for every domain of the training pictures, and for no other. "
            f"Expected: {sorted(set(named))}. Received: {sorted(shares)}"
        )
    domains = np.array(named)
    strata = [(sample.domain, sample.label) for sample in samples]
    numbers = Counter(strata)
    weights = np.array([float(numbers[stratum]) ** -class_balance for stratum in strata])
    coarse = np.array([len(LABELS[sample.label]) > 1 for sample in samples])
    # In a domain without finer labels, there is nothing that a coarse one could count less than.
    fine = set(domains[~coarse])
    weights[coarse & np.isin(domains, list(fine))] *= coarse_weight
    for domain, size in Counter(domains.tolist()).items():
        members = domains == domain
        share = shares[domain] if shares is not None else size
        weights[members] *= share / max(weights[members].sum(), 1e-12)
    return weights / weights.sum()


@dataclass(frozen=True)
class Batches:
    """Makes random, augmented batches, each of which depends only on the seed and its step.

    So a run that was killed and resumed sees what an uninterrupted one would have seen.

    Attributes:
        pixels: ``uint8 (n, side, side, 3)``.
        targets: targets ``float32 (n, classes)`` for each of the network's outputs.
        chances: ``float64 (n,)``, see `chances`.
        augment: function that returns a random variation of one picture, in the size that the
            network reads.
        batch_size: number of pictures in a batch.
        seed: seed of order and augmentation.
        workers: number of threads that augment.
    """

    pixels: Array
    targets: Sequence[Array]
    chances: Array
    augment: Callable[[Array, np.random.Generator], Array]
    batch_size: int
    seed: int
    workers: int

    def batch(self, step: int) -> tuple[Array, list[Array]]:
        """Return the pixels ``uint8 (batch, size, size, 3)`` and the targets of one step."""
        random = np.random.default_rng((self.seed, step))
        chosen = random.choice(len(self.chances), self.batch_size, p=self.chances)
        pixels = np.stack([self.augment(self.pixels[index], random) for index in chosen])
        return pixels, [targets[chosen] for targets in self.targets]

    def between(self, first: int, end: int) -> Iterator[tuple[Array, list[Array]]]:
        """Yield the batches of the steps from ``first`` to before ``end``, made ahead."""
        waiting: deque[Future] = deque()
        following = first
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while following < end or waiting:
                    while following < end and len(waiting) < AHEAD:
                        waiting.append(pool.submit(self.batch, following))
                        following += 1
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
