"""What a network is fed while it trains."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches ``(pixels uint8, targets float32, weights float)``.

    Every picture's augmentation depends only on the
    seed, the epoch and the picture, so a run that was killed and resumed sees what an
    uninterrupted one would have seen. The pictures left over by the last full batch are left out.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        batch_size: int,
        seed: int,
        workers: int,
    ) -> None:
        """Hold the pictures of a training set.

        Args:
            pixels: ``uint8 (n, size, size, 3)``.
            targets: ``float32 (n, classes)``, see `ml.objective.targets_of`.
            weights: ``float (n,)``, how much each picture counts.
            augment: returns a random variation of one picture.
            batch_size: pictures a batch, at most n.
            seed: of order and augmentation.
            workers: threads that augment.
        """
        super().__init__(workers=workers, max_queue_size=8)
        self.pixels, self.targets, self.weights = pixels, targets, weights
        self.augment = augment
        self.batch_size, self.seed = batch_size, seed
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Make this the ``epoch``-th pass (counted from 0) over the data."""
        self.epoch = epoch
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.pixels))

    def __len__(self) -> int:
        return len(self.pixels) // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        pixels = np.stack(
            [
                self.augment(self.pixels[i], np.random.default_rng((self.seed, self.epoch, int(i))))
                for i in chosen
            ]
        )
        return pixels, self.targets[chosen], self.weights[chosen]
