"""Keep a moving average of a network's weights, which generalises better than the last ones."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np

#: There are so many steps between two updates, because an update copies every weight out of the
#: backend.
EVERY = 8


class MovingAverage:
    """Holds an exponential moving average of weights, and of the normalisation's statistics.

    Attributes:
        keep: share in [0, 1) of the average that one step keeps.
        arrays: the average, ``float32``, by variable path.
        step: last step whose weights are taken in.
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

        The first averages are taken over few steps, so that the first weights are forgotten soon.
        """
        if step == self.step:
            return
        # A plain average over the first n steps would keep (n - 1) / n at the last of them.
        keep = min(self.keep, step / (step + 10)) ** (step - self.step) if self.keep else 0.0
        for variable in variables:
            average = self.arrays[variable.path]
            average += np.float32(1 - keep) * (variable.numpy() - average)
        self.step = step
