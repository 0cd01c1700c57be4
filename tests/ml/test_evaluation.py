from __future__ import annotations

import numpy as np
import pytest

from ml import evaluation
from ml.dataset import read_samples
from ml.errors import InputError
from ml.evaluation import describe, predict, quantisation_effect, score
from ml.metrics import METRICS
from ml.predictor import Predictor
from tests.ml import tiny


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(evaluation, "RESAMPLES", 50)


@pytest.fixture
def pictures(sample):
    """Eight of each class: ``b0`` … ``b7`` and ``m0`` … ``m7``."""
    return [sample(f"b{i}") for i in range(8)] + [sample(f"m{i}", "malignant") for i in range(8)]


def test_the_de_leaked_subset_has_no_near_duplicate_in_training(pictures, sample):
    training = [sample("t0"), sample("t1"), pictures[7]]
    pairs = [
        (pictures[0].path, training[0].path),
        (training[1].path, pictures[9].path),
        (pictures[1].path, pictures[2].path),
    ]
    test = describe(pictures, pairs, training)
    assert test.subsets["official_split"].all()
    left_out = [
        s.path.name for s, kept in zip(pictures, test.subsets["de_leaked"], strict=True) if not kept
    ]
    assert left_out == ["b0", "b7", "m1"]
    assert test.targets.tolist() == [0] * 8 + [1] * 8
    assert test.groups[1] == test.groups[2]
    assert len(set(test.groups.tolist())) == 15


def test_without_training_pictures_there_is_no_de_leaked_subset(pictures):
    assert list(describe(pictures, [], None).subsets) == ["official_split"]


def test_pictures_that_are_all_known_cannot_be_measured(pictures):
    with pytest.raises(InputError, match="give others"):
        describe(pictures, [], pictures)


def test_every_subset_is_scored_by_its_own_pictures(pictures):
    test = describe(pictures, [], pictures[4:8])
    probabilities = np.r_[np.full(4, 0.1), np.full(4, 0.9), np.full(8, 0.8)]
    results = score(test, probabilities, 0.5, {"always_malignant": np.ones(16)})
    whole, rest = results["official_split"], results["de_leaked"]
    assert whole["pictures"] == {"benign": 8, "malignant": 8}
    assert rest["pictures"] == {"benign": 4, "malignant": 8}
    assert (whole["groups"], rest["groups"]) == (16, 12)
    assert whole["model"]["accuracy"]["value"] == 0.75
    assert rest["model"]["accuracy"]["value"] == 1.0
    assert rest["baselines"]["always_malignant"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert whole["model"].keys() == METRICS.keys()


def test_the_threshold_is_that_of_the_model_and_baselines_answer_yes_or_no(pictures):
    test = describe(pictures, [], None)
    targets = test.targets.astype(float)
    results = score(test, 0.2 + 0.1 * targets, 0.25, {"oracle": targets})["official_split"]
    assert results["model"]["accuracy"]["value"] == 1
    assert results["baselines"]["oracle"]["accuracy"]["value"] == 1


def test_the_effect_of_quantisation_is_the_difference_to_float(pictures):
    test = describe(pictures, [], None)
    original = np.where(test.targets == 1, 0.9, 0.1)
    stored = original.copy()
    stored[0] = 0.7
    effect = quantisation_effect(test, stored, original, 0.5)["official_split"]
    assert effect["accuracy"] == {
        "float32": 1.0,
        "int8": pytest.approx(15 / 16),
        "difference": pytest.approx(-1 / 16),
    }
    assert effect["auroc"]["difference"] == 0
    assert effect["largest_change_of_a_probability"] == pytest.approx(0.6)


def test_probabilities_come_in_the_order_of_the_samples(test_folder):
    predictor = Predictor(tiny.build(), 0.5)
    samples = read_samples(test_folder)
    forward = predict(predictor, samples, "forward")
    backward = predict(predictor, samples[::-1], "backward")
    assert forward.shape == (12,)
    assert np.allclose(forward, backward[::-1], atol=1e-6)
    assert len(set(forward.round(5).tolist())) > 6
