from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from ml import architectures
from ml.architectures.folding import EPSILON, NORMALISATION, fold, is_normalised


def network(normalised):
    pixels = keras.Input((8, 8, 3))
    features = pixels
    for layer in (
        layers.Conv2D(5, 3, use_bias=not normalised, name="stem"),
        layers.DepthwiseConv2D(3, use_bias=not normalised, name="block_0_depthwise"),
    ):
        features = layer(features)
        if normalised:
            normalisation = layers.BatchNormalization(
                epsilon=EPSILON, name=f"{layer.name}{NORMALISATION}"
            )
            features = normalisation(features)
    return keras.Model(pixels, layers.Dense(2, name="logit")(layers.Flatten()(features)))


@pytest.fixture
def trained():
    """Return a small network whose statistics are not those it began with."""
    keras.utils.set_random_seed(2)
    model, random = network(normalised=True), np.random.default_rng(1)
    for variable in model.weights:
        if NORMALISATION in variable.path:
            variable.assign(random.uniform(0.3, 2, variable.shape))
    return model


def test_a_folded_network_gives_the_same_answers(trained):
    folded = fold({variable.path: variable.numpy() for variable in trained.weights})
    served = network(normalised=False)
    assert folded.keys() == {variable.path for variable in served.weights}
    for variable in served.weights:
        variable.assign(folded[variable.path])
    pictures = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32)
    expected = np.asarray(trained(pictures, training=False))
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(served(pictures), expected, atol=1e-5)


def test_weights_tell_whether_they_are_folded(trained):
    arrays = {variable.path: variable.numpy() for variable in trained.weights}
    assert is_normalised(arrays)
    assert not is_normalised(fold(arrays))


def test_folding_twice_changes_nothing_more(trained):
    once = fold({variable.path: variable.numpy() for variable in trained.weights})
    assert all(np.array_equal(array, once[name]) for name, array in fold(once).items())


def test_every_normalisation_of_a_network_is_folded():
    normalised, folded = (
        architectures.build("efficientnet_lite0", "zeros", 32, image_types=3, normalised=flag)
        for flag in (True, False)
    )
    found = fold({variable.path: variable.numpy() for variable in normalised.weights})
    assert {name: array.shape for name, array in found.items()} == {
        variable.path: tuple(variable.shape) for variable in folded.weights
    }
