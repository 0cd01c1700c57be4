from __future__ import annotations

import numpy as np
import pytest

from ml import architectures
from ml.architectures import seven_stage


@pytest.fixture(scope="module")
def network():
    return architectures.build("seven_stage")


@pytest.fixture(scope="module")
def empty():
    return architectures.build("seven_stage", kernel_initializer="zeros")


def test_a_network_that_gets_its_weights_later_starts_from_zeros(network, empty):
    shapes = {weight.path: weight.shape for weight in network.weights}
    assert {weight.path: weight.shape for weight in empty.weights} == shapes
    assert not any(weight.numpy().any() for weight in empty.weights)


def test_the_seven_stage_network_has_44_396_609_parameters(network):
    assert network.count_params() == seven_stage.PARAMETERS == 44_396_609


def test_the_seven_stage_network_has_the_layers_of_its_model(network):
    shapes = {layer.name: layer.output.shape[1:] for layer in network.layers}
    assert shapes == {
        "pixels": (224, 224, 3),
        "rescale": (224, 224, 3),
        "conv_1": (222, 222, 32),
        "pool_1": (111, 111, 32),
        "conv_2": (109, 109, 64),
        "pool_2": (54, 54, 64),
        "conv_3": (52, 52, 128),
        "pool_3": (26, 26, 128),
        "flatten": (86528,),
        "dense": (512,),
        "dropout": (512,),
        "logit": (1,),
        "malignant": (1,),
    }


def test_the_answer_is_the_sigmoid_of_the_logit(network):
    import keras

    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.float32)
    both = keras.Model(network.input, [network.get_layer("logit").output, network.output])
    logit, probability = (array.numpy() for array in both(pixels))
    assert probability.shape == (2, 1)
    assert np.allclose(probability, 1 / (1 + np.exp(-logit)), atol=1e-6)


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ValueError, match="Received: 'os'"):
        architectures.build("os")
