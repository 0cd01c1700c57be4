from __future__ import annotations

import keras
import numpy as np
import pytest

from ml.objective import MarginalLikelihood, allowed, objective, sample_weights, targets_of
from ml.taxonomy import DIAGNOSIS_CODES

NV, MEL = DIAGNOSIS_CODES.index("nv"), DIAGNOSIS_CODES.index("mel")


@pytest.fixture
def probabilities():
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), 5)
    return drawn.astype(np.float32)


def test_targets_mark_every_diagnosis_a_label_allows(sample):
    samples = [sample("a", "nv"), sample("b", "malignant"), sample("c", "not_melanoma")]
    targets = targets_of(samples, 7)
    assert targets.sum(1).tolist() == [1, 3, 6]
    assert targets[0, NV] == targets[1, MEL] == 1
    assert targets[2, MEL] == 0
    assert targets_of(samples[:2], 1).tolist() == [[0], [1]]


def test_a_fine_label_gives_the_cross_entropy(probabilities):
    truth = np.eye(7, dtype=np.float32)[[0, 3, 5, 6, 4]]
    for smoothing in (0.0, 0.1):
        expected = keras.losses.categorical_crossentropy(
            truth, probabilities, label_smoothing=smoothing
        )
        found = MarginalLikelihood(smoothing).call(truth, probabilities)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_coarse_label_is_as_likely_as_its_diagnoses_together(probabilities):
    truth = np.tile(np.array([1, 1, 0, 0, 1, 0, 0], np.float32), (5, 1))
    found = MarginalLikelihood().call(truth, probabilities)
    np.testing.assert_allclose(found, -np.log(probabilities[:, [0, 1, 4]].sum(1)), rtol=1e-5)


def test_a_probability_of_nought_gives_a_finite_loss():
    truth, impossible = np.eye(7, dtype=np.float32)[:2, None]
    assert np.isfinite(MarginalLikelihood(0.05).call(truth, impossible)).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.05])
def test_gradients_stay_finite_where_the_network_is_certain(smoothing):
    import tensorflow as tf

    # Certain and right, certain and wrong, with a fine and with a coarse label.
    logits = tf.Variable(200.0 * np.eye(7, dtype=np.float32)[[0, 0, 1, 6]])
    truth = np.array([np.eye(7)[0], np.eye(7)[5], *[[1, 1, 0, 0, 1, 0, 0]] * 2], np.float32)
    with tf.GradientTape() as tape:
        loss = MarginalLikelihood(smoothing)(truth, tf.nn.softmax(logits))
    assert np.isfinite(loss)
    assert np.isfinite(tape.gradient(loss, logits)).all()


def test_a_step_against_the_gradient_makes_a_coarse_label_likelier():
    import tensorflow as tf

    logits = tf.Variable(np.random.default_rng(1).normal(0, 1, (1, 7)).astype(np.float32))
    malignant = np.array([[1, 1, 0, 0, 1, 0, 0]], np.float32)
    with tf.GradientTape() as tape:
        loss = MarginalLikelihood()(malignant, tf.nn.softmax(logits))
    slope = tape.gradient(loss, logits).numpy()
    assert ((slope < 0) == (malignant == 1)).all()


def test_an_answer_counts_as_right_if_the_label_allows_it(probabilities):
    truth = np.zeros((5, 7), np.float32)
    truth[:3] = 1
    assert np.asarray(allowed(truth, probabilities)).tolist() == [1, 1, 1, 0, 0]


def test_full_balance_makes_the_classes_weigh_the_same():
    targets = np.array([[0.0]] * 6 + [[1.0]] * 2)
    weights = sample_weights(targets, 1.0)
    assert weights[:6].sum() == pytest.approx(weights[6:].sum())
    assert weights.mean() == pytest.approx(1)
    assert sample_weights(targets, 0.0).tolist() == [1.0] * 8
    assert sample_weights(targets, 0.5)[7] == pytest.approx((8 / 4) ** 0.5)


def test_a_coarse_label_weighs_as_its_classes_do_on_average():
    fine = np.eye(7)[[0] * 1 + [1] * 3 + [4] * 4 + [5] * 8]
    coarse = np.array([[1, 1, 0, 0, 1, 0, 0], [0, 0, 1, 1, 0, 1, 1]], float)
    weights = sample_weights(np.vstack([fine, coarse]), 1.0)
    expected = (1 * weights[0] + 3 * weights[1] + 4 * weights[4]) / 8
    assert weights[-2] == pytest.approx(expected)
    # Of the benign classes only one occurs.
    assert weights[-1] == pytest.approx(weights[8])


def test_without_a_fine_label_every_picture_counts_the_same():
    coarse = np.array([[1, 1, 0, 0, 1, 0, 0], [0, 0, 1, 1, 0, 1, 1]], float)
    assert sample_weights(coarse, 1.0).tolist() == [1, 1]


def test_coarse_labels_can_be_left_out():
    targets = np.vstack([np.eye(7), [[1, 1, 0, 0, 1, 0, 0]]])
    weights = sample_weights(targets, 0.5, coarse=0.0)
    assert weights[-1] == 0
    assert (weights[:-1] > 0).all()


def test_one_output_is_trained_for_malignancy_and_seven_for_the_diagnoses():
    assert isinstance(objective(1, 0.1).loss, keras.losses.BinaryCrossentropy)
    assert isinstance(objective(7, 0.1).loss, MarginalLikelihood)
