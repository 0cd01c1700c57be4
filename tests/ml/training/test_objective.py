from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES
from ml.training.objective import MarginalLikelihood, image_type_targets, losses, targets_of

NV, MEL = DIAGNOSIS_CODES.index("nv"), DIAGNOSIS_CODES.index("mel")


@pytest.fixture
def probabilities():
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), 5)
    return drawn.astype(np.float32)


def test_targets_mark_every_diagnosis_a_label_allows(sample):
    samples = [sample("a", "nv"), sample("b", "malignant"), sample("c", "not_melanoma")]
    targets = targets_of(samples, 8)
    assert targets.sum(1).tolist() == [1, 4, 7]
    assert targets[0, NV] == targets[1, MEL] == 1
    assert targets[2, MEL] == 0
    assert targets_of(samples[:2], 1).tolist() == [[0], [1]]


def test_among_seven_a_squamous_cell_carcinoma_is_what_it_counts_as(sample):
    samples = [sample("a", "scc"), sample("b", "malignant"), sample("c", "akiec")]
    scc, malignant, akiec = targets_of(samples, 7)
    assert scc.tolist() == akiec.tolist()
    assert [SEVEN_CODES[index] for index in np.flatnonzero(malignant)] == ["akiec", "bcc", "mel"]


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

    # The network is certain and right, then certain and wrong, first about fine labels and then
    # about coarse ones.
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


def test_one_output_is_trained_for_malignancy_and_more_for_the_diagnoses():
    (binary,), counts = losses(1, 0.1, 0.0)
    assert isinstance(binary, keras.losses.BinaryCrossentropy)
    assert counts == [1.0]
    diagnoses, image_types = losses(8, 0.1, 0.3)[0]
    assert isinstance(diagnoses, MarginalLikelihood)
    assert isinstance(image_types, MarginalLikelihood)
    assert losses(8, 0.1, 0.3)[1] == [1.0, 0.3]


def test_a_picture_of_an_unknown_kind_may_be_of_any():
    def of(image_type):
        return Sample(Path("/a.png"), "nv", details={"image_type": image_type})

    targets = image_type_targets([of("dermoscopic"), of("clinical"), of("other"), of("")])
    assert targets.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
