"""The moving average of a network's weights, which generalises better than the last ones do."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np

#: Steps between two updates; an update copies every weight out of the backend.
EVERY = 8


class MovingAverage:
    """An exponential moving average of weights, statistics of the normalisation among them.

    Attributes:
        keep: share in [0, 1) of the average that one step keeps.
        arrays: the average, ``float32``, by variable path.
        step: up to which the weights are taken in.
    """

    def __init__(self, keep: float, variables: Iterable[keras.Variable]) -> None:
        """Start from ``variables`` as they are."""
        self.keep = keep
        self.arrays = {v.path: np.array(v.numpy()) for v in variables}
        self.step = 0

    def is_due(self, step: int) -> bool:
        """Return whether the weights after ``step`` steps are to be taken in."""
        return step % EVERY == 0

    def update(self, variables: Iterable[keras.Variable], step: int) -> None:
        """Take in the weights after ``step`` steps.

        The first averages are over few steps, so that the first weights are forgotten soon.
        """
        if step == self.step:
            return
        # Of the first n steps, the average over all of them would keep (n - 1) / n.
        keep = min(self.keep, step / (step + 10)) ** (step - self.step) if self.keep else 0.0
        for variable in variables:
            average = self.arrays[variable.path]
            average += np.float32(1 - keep) * (variable.numpy() - average)
        self.step = step
