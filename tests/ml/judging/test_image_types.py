from __future__ import annotations

import numpy as np
import pytest

from ml.judging.image_types import THRESHOLDS, dermoscopic_share, judge_as, tell

CHOSEN = {"dermoscopic": 0.8, "clinical": 0.2, "other": 0.6}


@pytest.mark.parametrize(
    ("probabilities", "image_type", "judged_as"),
    [
        ([0.9, 0.1, 0.0], "dermoscopic", "dermoscopic"),
        ([0.4, 0.1, 0.5], "dermoscopic", "dermoscopic"),
        ([0.1, 0.9, 0.0], "clinical", "clinical"),
        ([0.1, 0.4, 0.5], "clinical", "clinical"),
        # These lie between the two thresholds. The first is nearer to dermoscopic, and is still
        # judged with more care.
        ([0.7, 0.3, 0.0], None, "clinical"),
        ([0.3, 0.7, 0.0], None, "clinical"),
        # These are neither, and are judged as the likelier kind of both.
        ([0.35, 0.05, 0.6], "other", "dermoscopic"),
        ([0.2, 0.2, 0.6], "other", "clinical"),
        ([0.0, 0.0, 1.0], "other", "clinical"),
    ],
)
def test_a_picture_is_called_by_the_thresholds(probabilities, image_type, judged_as):
    given = np.array([probabilities], np.float32)
    assert tell(given, CHOSEN) == [image_type]
    assert judge_as(given, CHOSEN) == [judged_as]


def test_probabilities_that_are_no_numbers_are_of_nothing_that_is_known():
    given = np.full((1, 3), np.nan)
    assert tell(given, CHOSEN) == ["other"]
    assert judge_as(given, CHOSEN) == ["clinical"]


def test_a_network_that_cannot_tell_judges_every_picture_as_dermoscopic():
    assert tell(np.zeros((2, 0)), THRESHOLDS) == [None, None]
    assert judge_as(np.zeros((2, 0)), THRESHOLDS) == ["dermoscopic"] * 2


def test_no_picture_is_of_no_kind():
    assert tell(np.zeros((0, 3)), CHOSEN) == judge_as(np.zeros((0, 3)), CHOSEN) == []


def test_without_chosen_thresholds_the_likelier_of_both_is_called():
    given = np.array([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2], [0.2, 0.2, 0.6]])
    assert tell(given, THRESHOLDS) == ["dermoscopic", "clinical", "other"]
    assert dermoscopic_share(given) == pytest.approx([0.625, 0.375, 0.5])
