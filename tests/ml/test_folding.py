"""The network that is served answers as the one that was trained."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from ml import architectures
from ml.folding import NORMALISATION, fold


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.float32)


@pytest.fixture
def trained(pixels):
    """A network whose normalisations have seen pictures and have factors of their own."""
    keras.utils.set_random_seed(1)
    network = architectures.build("efficientnet_lite0", input_size=32, for_training=True)
    random = np.random.default_rng(1)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            channels = layer.gamma.shape[0]
            layer.set_weights([
                random.uniform(0.5, 1.5, channels),
                random.normal(0, 0.1, channels),
                random.normal(0, 0.1, channels),
                random.uniform(0.5, 2, channels),
            ])  # fmt: skip
    return network


def test_folded_it_gives_the_same_answers(trained, pixels):
    served = architectures.build("efficientnet_lite0", "zeros", 32)
    fold(trained, served)
    before, after = (
        keras.Model(network.input, network.get_layer("logit").output)(pixels).numpy()
        for network in (trained, served)
    )
    assert np.ptp(before) > 0.1
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-4)


def test_what_is_served_has_no_normalisation(trained):
    served = architectures.build("efficientnet_lite0", "zeros", 32)
    kinds = {type(layer) for layer in served.layers}
    assert keras.layers.BatchNormalization not in kinds
    normalised = {layer.name for layer in trained.layers if layer.name.endswith(NORMALISATION)}
    convolutions = {
        layer.name
        for layer in served.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    }
    assert normalised == {f"{name}{NORMALISATION}" for name in convolutions}


def test_a_network_without_normalisation_is_copied(pixels):
    keras.utils.set_random_seed(2)
    network = architectures.build("seven_stage", input_size=32, for_training=True)
    served = architectures.build("seven_stage", "zeros", 32)
    fold(network, served)
    for ours, theirs in zip(served.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
