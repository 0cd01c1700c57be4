from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn import metrics as reference

from ml.measuring.binary_metrics import METRICS, binary_scores, ece, estimate, plain


@pytest.fixture(scope="module")
def scored():
    """Return targets, probabilities with ties, and how often each picture counts."""
    generator = np.random.default_rng(0)
    targets = generator.integers(0, 2, 400)
    probabilities = np.clip(0.3 * targets + generator.normal(0.35, 0.25, 400), 0, 1).round(2)
    return targets, probabilities, generator.integers(0, 4, (3, 400)).astype(float)


def by_sklearn(targets, probabilities, weights, threshold):
    called = (probabilities >= threshold).astype(int)
    options = {"sample_weight": weights}
    return {
        "accuracy": reference.accuracy_score(targets, called, **options),
        "auroc": reference.roc_auc_score(targets, probabilities, **options),
        "balanced_accuracy": reference.balanced_accuracy_score(targets, called, **options),
        "sensitivity": reference.recall_score(targets, called, **options),
        "specificity": reference.recall_score(targets, called, pos_label=0, **options),
        "brier": reference.brier_score_loss(targets, probabilities, **options),
        "average_precision": reference.average_precision_score(targets, probabilities, **options),
        **at_fixed_shares(targets, probabilities, weights),
    }


def at_fixed_shares(targets, probabilities, weights):
    false, true, _ = reference.roc_curve(
        targets, probabilities, sample_weight=weights, drop_intermediate=False
    )
    return {
        "sensitivity_at_specificity_80": true[false <= 0.2 + 1e-9].max(),
        "sensitivity_at_specificity_90": true[false <= 0.1 + 1e-9].max(),
        "specificity_at_sensitivity_90": 1 - false[true >= 0.9 - 1e-9].min(),
        "specificity_at_sensitivity_95": 1 - false[true >= 0.95 - 1e-9].min(),
    }


@pytest.mark.parametrize("threshold", [0.5, 0.33])
def test_every_metric_is_that_of_scikit_learn_in_every_resample(scored, threshold):
    targets, probabilities, weights = scored
    weights = np.vstack([np.ones(len(targets)), weights])
    expected = [by_sklearn(targets, probabilities, row, threshold) for row in weights]
    for name in expected[0]:
        values = METRICS[name](targets, probabilities, threshold)(weights)
        assert np.allclose(values, [row[name] for row in expected]), name


def test_the_calibration_error_is_the_weighted_gap_of_the_bins():
    # There are two bins: one of confidence 0.9 with 3 of 4 right, one of 0.6 with 1 of 2 right.
    targets = np.array([1, 1, 1, 0, 0, 1])
    probabilities = np.array([0.9, 0.9, 0.9, 0.9, 0.4, 0.4])
    once = np.ones((1, 6))
    assert ece(targets, probabilities, 0.5)(once)[0] == pytest.approx((4 * 0.15 + 2 * 0.1) / 6)
    # These weights leave only the first bin.
    weights = np.array([[1, 1, 1, 1, 0, 0]], float)
    assert ece(targets, probabilities, 0.5)(weights)[0] == pytest.approx(0.15)


def test_certain_and_right_is_perfectly_calibrated_and_certain_and_wrong_is_not():
    targets = np.array([0, 1])
    assert plain(ece(targets, targets.astype(float), 0.5), 2) == 0
    assert plain(ece(targets, 1.0 - targets, 0.5), 2) == 1


def intervals(targets, probabilities, groups, resamples, seed=1):
    return estimate(binary_scores(targets, probabilities, 0.5), groups, resamples, seed)


def test_an_interval_contains_its_score_and_shrinks_with_more_pictures(scored):
    targets, probabilities, _ = scored
    narrow = intervals(targets, probabilities, np.arange(400), 500)
    few = slice(0, 60)
    wide = intervals(targets[few], probabilities[few], np.arange(60), 500)
    assert narrow.keys() == METRICS.keys()
    for name in set(METRICS) - {"ece"}:
        for scores in (narrow, wide):
            assert scores[name]["low"] <= scores[name]["value"] <= scores[name]["high"]
            assert scores[name]["low"] < scores[name]["high"]
        assert size(narrow[name]) < size(wide[name])


def size(score):
    return score["high"] - score["low"]


def test_the_interval_of_a_share_is_the_binomial_one():
    generator = np.random.default_rng(3)
    probabilities = generator.uniform(size=1000)
    targets = (probabilities + generator.normal(0, 0.3, 1000) > 0.5).astype(int)
    score = intervals(targets, probabilities, np.arange(1000), 2000)["accuracy"]
    error = 1.96 * np.sqrt(score["value"] * (1 - score["value"]) / 1000)
    assert score["low"] == pytest.approx(score["value"] - error, abs=0.004)
    assert score["high"] == pytest.approx(score["value"] + error, abs=0.004)


def test_copies_of_pictures_in_one_group_do_not_narrow_the_interval(scored):
    targets, probabilities, _ = scored
    alone = intervals(targets, probabilities, np.arange(400), 500)
    four_times = (np.repeat(part, 4) for part in (targets, probabilities, np.arange(400)))
    copied = intervals(*four_times, 500)
    for name in METRICS:
        assert copied[name] == pytest.approx(alone[name])


def test_the_seed_decides_the_interval(scored):
    targets, probabilities, _ = scored
    groups = np.arange(400)
    first, again, other = (
        intervals(targets, probabilities, groups, 100, seed)["auroc"] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_without_a_malignant_picture_its_metrics_are_undefined():
    scores = intervals(np.zeros(20, int), np.linspace(0, 0.9, 20), np.arange(20), 50)
    undefined = {"value": None, "low": None, "high": None}
    for name in ("auroc", "sensitivity", "balanced_accuracy"):
        assert scores[name] == undefined
    assert scores["specificity"]["value"] == pytest.approx(11 / 20)


def test_resamples_without_a_class_are_left_out():
    targets = np.array([1] + [0] * 9)
    score = intervals(targets, np.linspace(1, 0, 10), np.arange(10), 300)["auroc"]
    assert score == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_two_thousand_resamples_of_two_thousand_pictures_take_seconds():
    generator = np.random.default_rng(0)
    targets = generator.integers(0, 2, 2000)
    started = time.process_time()
    scores = {"auroc": METRICS["auroc"](targets, generator.uniform(size=2000), 0.5)}
    estimate(scores, np.arange(2000), 2000, 1)
    assert time.process_time() - started < 10


def test_weighted_pictures_score_as_if_there_were_so_many_of_them():
    targets, probabilities = np.array([0, 1, 1]), np.array([0.2, 0.6, 0.3])
    repeated = np.repeat([0, 1, 2], [1, 2, 3])
    weights = np.array([1.0, 2.0, 3.0])
    for name, metric in METRICS.items():
        score = metric(targets, probabilities, 0.5)
        expected = metric(targets[repeated], probabilities[repeated], 0.5)
        given = estimate({name: score}, np.arange(3), 5, 1, weights)[name]["value"]
        assert given == pytest.approx(plain(expected, 6))
