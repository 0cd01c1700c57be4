from __future__ import annotations

import numpy as np
import pytest

from ml.judging.conformal import calibration_scores, lowest_probability, prediction_sets, verdicts

CLASSES, MALIGNANT = ("naevus", "keratosis", "melanoma"), ("melanoma",)
IS_MALIGNANT = np.array([False, False, True])


def answers(count: int, seed: int):
    """Return probabilities that know something of the true labels, and these labels."""
    random = np.random.default_rng(seed)
    true = random.choice(3, count, p=[0.7, 0.15, 0.15])
    logits = random.normal(0, 1.5, (count, 3))
    logits[np.arange(count), true] += 2
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True), true


def fitted(probabilities, true):
    return calibration_scores(probabilities, [CLASSES[i] for i in true], CLASSES, MALIGNANT)


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_true_diagnosis_as_often_as_promised_in_every_group(coverage):
    held = {False: [], True: []}
    for seed in range(10):
        scores = fitted(*answers(2000, seed))
        probabilities, true = answers(4000, 1000 + seed)
        sets = prediction_sets(probabilities, CLASSES, MALIGNANT, scores, coverage)
        inside = sets[np.arange(len(true)), true]
        for malignant in held:
            held[malignant].append(inside[IS_MALIGNANT[true] == malignant].mean())
    for shares in held.values():
        assert np.mean(shares) >= coverage - 0.01
        assert np.mean(shares) <= coverage + 0.03  # the sets do not hold everything


def test_a_higher_promise_makes_larger_sets():
    scores = fitted(*answers(2000, 0))
    probabilities, _ = answers(2000, 1)
    sizes = [
        prediction_sets(probabilities, CLASSES, MALIGNANT, scores, coverage).sum()
        for coverage in (0.5, 0.8, 0.9, 0.99)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_lowest_probability_is_the_one_that_the_finite_sample_asks_for():
    scores = np.arange(1, 100) / 100
    assert lowest_probability(scores, 0.9) == pytest.approx(0.1)  # this is the 10th of 99
    assert lowest_probability(scores[:50], 0.9) == pytest.approx(0.05)  # this is the 5th of 50


def test_too_few_pictures_for_a_promise_put_the_class_into_every_set():
    assert lowest_probability(np.array([0.8, 0.9]), 0.9) == 0
    scores = {"benign": np.array([0.9] * 200), "malignant": np.array([0.9])}
    sets = prediction_sets(np.array([[0.98, 0.01, 0.01]]), CLASSES, MALIGNANT, scores, 0.9)
    assert sets.tolist() == [[True, False, True]]


def test_no_set_is_empty():
    scores = {"benign": np.array([0.9] * 200), "malignant": np.array([0.9] * 200)}
    sets = prediction_sets(np.array([[0.4, 0.35, 0.25]]), CLASSES, MALIGNANT, scores, 0.9)
    assert sets.tolist() == [[True, False, False]]


@pytest.mark.parametrize(
    ("members", "called_malignant", "expected"),
    [
        ([True, False, False], False, "benign"),
        ([True, True, False], False, "benign"),
        ([False, False, True], True, "malignant"),
        ([True, False, True], False, "uncertain"),
        ([True, False, True], True, "uncertain"),
        ([False, False, True], False, "uncertain"),
        ([True, False, False], True, "uncertain"),
    ],
)
def test_a_verdict_is_uncertain_unless_the_set_and_the_probability_agree(
    members, called_malignant, expected
):
    found = verdicts(np.array([members]), np.array([called_malignant]), IS_MALIGNANT)
    assert found.tolist() == [expected]
