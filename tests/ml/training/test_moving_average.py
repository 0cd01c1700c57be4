from __future__ import annotations

import keras
import numpy as np
import pytest

from ml.training.moving_average import EVERY, MovingAverage


@pytest.fixture
def variable():
    return keras.Variable(np.zeros(3, np.float32), name="weight")


def test_the_average_follows_the_weights_slowly(variable):
    average = MovingAverage(0.9, [variable])
    variable.assign([1.0, 2.0, 4.0])
    average.update([variable], 1000)
    average.step = 1000
    average.update([variable], 1000 + EVERY)
    variable.assign(np.zeros(3))
    average.update([variable], 1000 + 2 * EVERY)
    assert np.allclose(average.arrays[variable.path], np.array([1, 2, 4]) * 0.9**EVERY, rtol=1e-5)


def test_the_first_weights_are_soon_forgotten(variable):
    average = MovingAverage(0.9999, [variable])
    variable.assign(np.ones(3))
    for step in range(EVERY, 200, EVERY):
        average.update([variable], step)
    assert (average.arrays[variable.path] > 0.99).all()


def test_the_same_step_is_taken_in_once(variable):
    average = MovingAverage(0.5, [variable])
    variable.assign(np.ones(3))
    average.update([variable], 4)
    once = average.arrays[variable.path].copy()
    average.update([variable], 4)
    assert np.array_equal(average.arrays[variable.path], once)


def test_without_averaging_the_weights_themselves_are_kept(variable):
    average = MovingAverage(0.0, [variable])
    variable.assign([1.0, 2.0, 4.0])
    average.update([variable], 1)
    assert average.arrays[variable.path].tolist() == [1, 2, 4]


def test_it_is_due_every_few_steps(variable):
    average = MovingAverage(0.5, [variable])
    assert [average.is_due(step) for step in (1, EVERY, EVERY + 1)] == [False, True, False]
