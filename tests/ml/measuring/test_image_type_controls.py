from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.measuring.image_type_controls import (
    FRAME,
    PASTED,
    alike,
    balanced_share,
    outer_features,
    pasted_small,
    told_by_features,
)
from tests.lesions import draw, flower, render


@pytest.mark.parametrize("size", [(84, 84), (640, 480), (300, 900)])
def test_pictures_of_every_size_become_alike(size):
    changed = alike(render(1, size))
    assert changed.size == (168, 168)
    # No detail is left that is finer than 84 pixels.
    small = changed.resize((84, 84), Image.Resampling.BOX).resize((168, 168), 2)
    assert np.abs(np.asarray(small, float) - np.asarray(changed, float)).mean() < 4


def test_a_lesion_lies_small_in_the_middle_of_a_frame_of_skin():
    picture = draw(flower(), 0.25, fills=((60, 30, 20),), side=256)
    frame = np.asarray(pasted_small(picture), float).mean(2)
    assert frame.shape == FRAME[::-1]
    dark = frame < 110
    rows, columns = np.nonzero(dark)
    assert (rows.mean(), columns.mean()) == pytest.approx((119.5, 159.5), abs=1.5)
    # The lesion takes the same share of the side to which the picture was brought as of its own.
    assert np.ptp(columns) == pytest.approx(0.5 * PASTED, abs=4)
    assert frame[:, :100].min() > 150


def test_kinds_that_differ_in_size_are_told_by_it_and_others_are_not():
    random = np.random.default_rng(0)
    dermoscopic = np.arange(200) % 2 == 0
    groups = np.arange(200) // 4
    alone = random.normal(size=(200, 3))
    told = told_by_features(alone + 3 * dermoscopic[:, None], dermoscopic, groups)
    assert told["balanced_accuracy"] > 0.95
    assert told["auroc"] > 0.98
    by_chance = told_by_features(alone, dermoscopic, groups)
    assert by_chance["auroc"] == pytest.approx(0.5, abs=0.15)


def test_what_is_fitted_to_a_lesion_does_not_tell_its_other_views():
    random = np.random.default_rng(1)
    groups = np.arange(120) // 2
    # Each lesion looks the same in both of its views, and is of a kind by chance.
    features = random.normal(size=(60, 4))[groups]
    dermoscopic = (random.random(60) < 0.5)[groups]
    told = told_by_features(features, dermoscopic, groups)
    assert told["balanced_accuracy"] == pytest.approx(0.5, abs=0.2)


def test_the_features_are_size_sharpness_and_surround():
    small, large = outer_features(render(0, (120, 90))), outer_features(render(0, (640, 480)))
    assert small[:2] == pytest.approx(np.log([120, 90]))
    assert large[:2] == pytest.approx(np.log([640, 480]))
    assert len(small) == len(large) == 5


def test_both_kinds_count_the_same():
    truth = ["dermoscopic"] * 8 + ["clinical"] * 2 + ["other"]
    called = ["dermoscopic"] * 8 + ["clinical", "", "dermoscopic"]
    assert balanced_share(called, truth) == pytest.approx(0.75)
