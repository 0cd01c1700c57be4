from __future__ import annotations

import numpy as np
import pytest

from ml.training.schedule import WarmUpHoldDecay


def rates(**phases):
    schedule = WarmUpHoldDecay(0.5, steps=100, **phases)
    return np.array([float(schedule(step)) for step in range(100)])


def test_the_rate_rises_stays_and_falls_to_nought():
    found = rates(warm_up=10, decay=20)
    assert np.allclose(found[:10], 0.05 * np.arange(1, 11))
    assert np.allclose(found[10:80], 0.5)
    assert (np.diff(found[80:]) < 0).all()
    assert found[90] == pytest.approx(0.25)
    assert found[-1] < 0.01


def test_without_a_decay_the_rate_stays():
    assert np.allclose(rates(warm_up=0, decay=0), 0.5)


def test_the_whole_run_can_be_one_decay():
    found = rates(warm_up=0, decay=100)
    assert (np.diff(found) < 0).all()
    assert found[0] == pytest.approx(0.5)


def test_a_schedule_can_be_made_again_from_its_configuration():
    schedule = WarmUpHoldDecay(0.5, steps=100, warm_up=10, decay=20)
    again = WarmUpHoldDecay(**schedule.get_config())
    assert float(again(93)) == float(schedule(93))
