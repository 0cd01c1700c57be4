"""The seven-stage network that ships is whole, small enough, and measured."""

from __future__ import annotations

import numpy as np
import pytest

from ml.architectures import seven_stage
from ml.judging.predictor import Predictor
from ml.packaging.bundle import find
from tests.lesions import render
from tests.ml.conftest import judge_all


@pytest.fixture(scope="module")
def bundle():
    return find("seven-stage")


def test_the_weights_are_those_that_were_exported_in_under_50_megabytes(bundle):
    bundle.verify()
    assert bundle.weights_path.stat().st_size < 50_000_000
    assert (bundle.architecture, bundle.input_size) == ("seven_stage", seven_stage.INPUT_SIZE)


def test_the_scores_are_recorded_beside_the_baselines(bundle):
    for name in ("official_split", "de_leaked"):
        result = bundle.metrics[name]
        assert result["baselines"].keys() == {"majority_class", "nearest_neighbour"}
        for metric in ("accuracy", "auroc", "sensitivity", "specificity", "ece"):
            score = result["model"][metric]
            assert score["low"] <= score["value"] <= score["high"]


def test_8_bit_storage_moves_no_score(bundle):
    for effect in bundle.metrics["quantisation"].values():
        assert abs(effect["accuracy"]["difference"]) < 0.002
        assert abs(effect["auroc"]["difference"]) < 0.002


def test_no_near_duplicate_of_the_test_set_was_learnt(bundle):
    dropped = bundle.data["dropped"]["near_duplicate_of_held_out"]
    assert bundle.data["held_out"]
    assert sum(dropped.values()) > 0


def test_the_network_tells_pictures_apart_the_same_way_every_time(bundle):
    predictor = Predictor.load(bundle)
    pictures = [render(seed) for seed in range(4)]
    first, second = (
        [judgement.malignant_probability for judgement in judge_all(predictor, pictures)]
        for _ in range(2)
    )
    assert first == second
    assert np.ptp(first) > 0.01
