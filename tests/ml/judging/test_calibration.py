from __future__ import annotations

import numpy as np
import pytest

from ml.judging.calibration import (
    FOLDS,
    Calibration,
    cross_validated,
    fit,
    identity,
    malignant_probability,
    negative_log_likelihood,
    threshold_for_sensitivity,
)
from ml.taxonomy import MALIGNANT_CODES, SEVEN_CODES


def drawn(calibration, width, count=20_000, seed=0):
    """Return logits, and labels drawn with the probabilities that ``calibration`` gives them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, width))
    probabilities = calibration.probabilities(logits)
    labels = (random.uniform(size=(count, 1)) > probabilities.cumsum(1)).sum(1)
    if width == 1:
        return logits, labels[:, None].astype(float)
    return logits, np.eye(width)[labels]


@pytest.mark.parametrize("width", [1, 7])
def test_rows_sum_to_one_also_far_out(width):
    logits = np.random.default_rng(0).normal(0, 500, (50, width))
    probabilities = Calibration(0.3, (0.5,) * width).probabilities(logits)
    assert np.allclose(probabilities.sum(1), 1)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_a_single_logit_is_that_of_malignant():
    logits = np.array([[-1.0], [0.0], [3.0]])
    expected = 1 / (1 + np.exp(-logits[:, 0]))
    assert np.allclose(identity(1).probabilities(logits)[:, 1], expected)


@pytest.mark.parametrize("width", [1, 7])
def test_the_temperature_and_bias_that_made_the_labels_are_found(width):
    bias = np.array([0.8]) if width == 1 else np.linspace(-1, 1, 7)
    made = Calibration(1.7, tuple(bias))
    found = fit(*drawn(made, width), biases=np.eye(width))
    assert found.temperature == pytest.approx(1.7, rel=0.05)
    assert np.allclose(found.bias, bias, atol=0.12)


def test_classes_that_share_a_bias_keep_their_shares_of_it():
    shared = np.array([[code in MALIGNANT_CODES for code in SEVEN_CODES]])
    logits, targets = drawn(Calibration(1.7, tuple(0.9 * shared[0])), 7)
    found = fit(logits, targets, biases=shared)
    plain = Calibration(found.temperature, (0.0,) * 7)
    assert found.temperature == pytest.approx(1.7, rel=0.05)
    assert np.ptp(found.bias) == pytest.approx(0.9, abs=0.12)
    for classes in (shared[0], ~shared[0]):
        before, after = (c.probabilities(logits)[:, classes] for c in (plain, found))
        assert np.allclose(before / before.sum(1)[:, None], after / after.sum(1)[:, None])


def test_a_temperature_alone_leaves_the_order_of_the_classes():
    logits, targets = drawn(Calibration(2.5, (0.0,) * 7), 7)
    found = fit(logits, targets)
    assert found.temperature == pytest.approx(2.5, rel=0.05)
    assert found.bias == (0.0,) * 7


def test_coarse_labels_calibrate_too():
    logits, targets = drawn(Calibration(1.5, (0.0,) * 7), 7)
    malignant = np.array([code in MALIGNANT_CODES for code in SEVEN_CODES], float)
    is_malignant = targets @ malignant
    coarse = np.where(is_malignant[:, None] == 1, malignant, 1 - malignant)
    assert fit(logits, coarse).temperature == pytest.approx(1.5, rel=0.08)


def test_cross_validation_never_fits_to_the_picture_it_answers_for():
    logits, targets = drawn(Calibration(1.0, (0.0,) * 7), 7, count=200)
    groups = np.arange(200)
    before = cross_validated(logits, targets, groups, biases=np.eye(logits.shape[1]))
    changed = targets.copy()
    changed[0] = np.roll(targets[0], 1)
    after = cross_validated(logits, changed, groups, biases=np.eye(logits.shape[1]))
    assert np.allclose(before[0], after[0])
    assert not np.allclose(before[1], after[1])


def test_cross_validation_never_fits_to_another_view_of_the_same_lesion():
    logits, targets = drawn(Calibration(1.0, (0.0,) * 7), 7, count=200)
    groups = np.arange(200) // 4
    before = cross_validated(logits, targets, groups, biases=np.eye(logits.shape[1]))
    changed = targets.copy()
    changed[0] = np.roll(targets[0], 1)
    after = cross_validated(logits, changed, groups, biases=np.eye(logits.shape[1]))
    unmoved = np.isclose(before, after).all(1)
    assert unmoved[:4].all()
    # The folds of the other lesions were fitted to the changed label.
    assert unmoved.sum() == 4 * len(range(0, 50, FOLDS))


def test_cross_validation_answers_with_two_probabilities_for_one_logit():
    logits, targets = drawn(Calibration(1.0, (0.0,)), 1, count=100)
    found = cross_validated(logits, targets, np.arange(100))
    assert found.shape == (100, 2)
    assert np.allclose(found.sum(1), 1)


def test_likelihood_is_that_of_what_the_labels_allow():
    probabilities = np.array([[0.2, 0.3, 0.5]])
    assert negative_log_likelihood(probabilities, np.array([[1, 1, 0]])) == pytest.approx(
        -np.log(0.5)
    )


@pytest.mark.parametrize("wanted", [0.5, 0.9, 0.95, 0.999])
def test_the_threshold_finds_as_many_as_stated_and_no_lower_one_is_needed(wanted):
    random = np.random.default_rng(1)
    malignant = random.uniform(size=500) < 0.3
    probabilities = random.uniform(size=500)
    threshold = threshold_for_sensitivity(malignant, probabilities, wanted)
    found = (probabilities[malignant] >= threshold).mean()
    assert found >= wanted
    assert (probabilities[malignant] > threshold).mean() < wanted


def test_malignant_is_the_sum_over_the_malignant_classes():
    probabilities = np.full((1, 7), 1 / 7)
    found = malignant_probability(probabilities, SEVEN_CODES, MALIGNANT_CODES)
    assert found[0] == pytest.approx(3 / 7)


def test_pictures_count_as_their_weights_say():
    first, second = drawn(Calibration(1.5, (0.0,) * 7), 7), drawn(Calibration(4.0, (0.0,) * 7), 7)
    logits, targets = (np.concatenate(parts) for parts in zip(first, second, strict=True))
    weights = np.repeat([1.0, 0.0], len(first[0]))
    found = fit(logits, targets, weights=weights)
    assert found.temperature == pytest.approx(1.5, rel=0.05)
    kept = cross_validated(logits, targets, np.arange(len(logits)), weights=weights)
    assert np.allclose(kept, found.probabilities(logits), atol=0.02)


def test_a_sensitivity_is_reached_of_malignant_pictures_as_they_count():
    malignant = np.array([True] * 4 + [False])
    probabilities = np.array([0.9, 0.8, 0.7, 0.1, 0.95])
    assert threshold_for_sensitivity(malignant, probabilities, 0.75) == 0.7
    weights = np.array([1.0, 1.0, 1.0, 3.0, 9.0])
    assert threshold_for_sensitivity(malignant, probabilities, 0.75, weights) == 0.1
    assert threshold_for_sensitivity(malignant, probabilities, 0.5, weights) == 0.7
