"""The schedule decides how fast a network learns at each step."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("skinsite")
class WarmUpHoldDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Gives a rate that rises from 0, stays, and falls to 0 along a half cosine."""

    def __init__(self, highest: float, *, steps: int, warm_up: int, decay: int) -> None:
        """Choose the phases.

        Args:
            highest: the rate between rise and fall.
            steps: number of steps of all phases.
            warm_up: number of steps of the rise.
            decay: number of steps of the fall.
        """
        self.highest, self.steps, self.warm_up, self.decay = highest, steps, warm_up, decay

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """Return the rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rise = ops.minimum(1.0, (step + 1) / max(1, self.warm_up))
        left = ops.clip((self.steps - step) / max(1, self.decay), 0.0, 1.0)
        return self.highest * rise * 0.5 * (1 - ops.cos(math.pi * left))

    def get_config(self) -> dict[str, float]:
        """Return the arguments, as Keras asks of a schedule."""
        return {
            "highest": self.highest,
            "steps": self.steps,
            "warm_up": self.warm_up,
            "decay": self.decay,
        }
