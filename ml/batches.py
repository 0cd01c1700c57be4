"""What a network is fed while it trains."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from ml.taxonomy import BINARY_CLASSES


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches ``(pixels uint8, targets float32 (n, 1), weights (n,))``.

    The weights make both classes count the same. Every picture's augmentation depends only on the
    seed, the epoch and the picture, so a run that was killed and resumed sees what an
    uninterrupted one would have seen. The pictures left over by the last full batch are left out.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        targets: np.ndarray,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        batch_size: int,
        seed: int,
        workers: int,
    ) -> None:
        """Hold the pictures of a training set.

        Args:
            pixels: ``uint8 (n, size, size, 3)``.
            targets: ``int (n,)``, 0 benign or 1 malignant; both must occur.
            augment: returns a random variation of one picture.
            batch_size: pictures a batch, at most n.
            seed: of order and augmentation.
            workers: threads that augment.
        """
        super().__init__(workers=workers, max_queue_size=8)
        self.pixels, self.targets, self.augment = pixels, targets, augment
        self.batch_size, self.seed = batch_size, seed
        counts = np.bincount(targets, minlength=len(BINARY_CLASSES))
        self.class_weights = len(targets) / (len(BINARY_CLASSES) * counts)
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
        targets = self.targets[chosen]
        return pixels, targets.astype(np.float32)[:, None], self.class_weights[targets]
