from __future__ import annotations

import keras
import numpy as np
import pytest

from ml import architectures
from ml.architectures.efficientnet_lite import HEAD_FILTERS, STAGES

#: The published networks have 1000 classes, and a factor and an offset for each normalised channel.
PUBLISHED = {
    "efficientnet_lite0": 4_652_008,
    "efficientnet_lite1": 5_416_680,
    "efficientnet_lite2": 6_092_072,
}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    return architectures.build("efficientnet_lite0", input_size=64)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.float32)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_parameters_are_the_published_ones_with_normalisation_folded_and_eight_classes(name):
    network = architectures.build(name, kernel_initializer="zeros", input_size=32)
    normalised = sum(
        layer.bias.shape[0]
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    )
    # Folding leaves one offset of each channel's two parameters.
    classes = (HEAD_FILTERS + 1) * 1000, (HEAD_FILTERS + 1) * 8
    assert network.count_params() == PUBLISHED[name] - normalised - classes[0] + classes[1]


def test_the_smallest_network_of_seven_diagnoses_has_3_358_967_parameters():
    network = architectures.build("efficientnet_lite0", "zeros", 32, logits=7)
    assert network.count_params() == 3_358_967


def test_a_normalised_network_has_no_bias_that_the_normalisation_would_take_back():
    trained = architectures.build("efficientnet_lite0", "zeros", 32, normalised=True)
    biases = {v.path for v in trained.weights if v.path.endswith("/bias")}
    assert biases == {"logit/bias"}


@pytest.mark.parametrize(
    ("name", "blocks", "filters"),
    [
        ("efficientnet_lite0", [1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320]),
        ("efficientnet_lite1", [1, 3, 3, 4, 4, 5, 1], [16, 24, 40, 80, 112, 192, 320]),
        ("efficientnet_lite2", [1, 3, 3, 4, 4, 5, 1], [16, 24, 48, 88, 120, 208, 352]),
    ],
)
def test_width_and_depth_grow_as_published(name, blocks, filters):
    network = architectures.build(name, kernel_initializer="zeros", input_size=32)
    widths = [layer.filters for layer in network.layers if layer.name.endswith("_project")]
    expected = [width for width, times in zip(filters, blocks, strict=True) for _ in range(times)]
    assert widths == expected


def test_the_picture_is_halved_by_the_stem_and_four_stages(network):
    sides = [network.get_layer("stem").output.shape[1], network.get_layer("head").output.shape[1]]
    assert sides == [32, 2]
    assert sum(stride == 2 for *_, stride in STAGES) == 4


def test_the_answers_are_eight_probabilities(network, pixels):
    logits = keras.Model(network.input, network.get_layer("logit").output)(pixels).numpy()
    probabilities = network(pixels).numpy()
    assert probabilities.shape == (2, 8)
    assert np.allclose(probabilities.sum(1), 1)
    likelihood = np.exp(logits)
    assert np.allclose(probabilities, likelihood / likelihood.sum(1, keepdims=True), atol=1e-6)


def test_without_an_input_size_it_reads_its_own(network):
    usual = architectures.build("efficientnet_lite0", kernel_initializer="zeros")
    assert usual.input_shape == (None, 224, 224, 3)
    # The shapes are the same, so that weights of small pictures can go on with larger ones.
    assert [v.shape for v in usual.weights] == [v.shape for v in network.weights]


def test_training_skips_whole_blocks_and_serving_none(network, pixels):
    path = keras.Model(network.input, network.get_layer("block_13_drop_path").output)
    served = path(pixels, training=False).numpy()
    trained = path(np.repeat(pixels[:1], 64, axis=0), training=True).numpy()
    skipped = ~trained.any((1, 2, 3))
    assert served.any((1, 2, 3)).all()
    assert 0 < skipped.sum() < 32


def test_mixed_precision_computes_the_answers_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = architectures.build("efficientnet_lite0", "zeros", 32)
    finally:
        keras.config.set_dtype_policy("float32")
    assert network.get_layer("stem").compute_dtype == "bfloat16"
    last = [network.get_layer(name) for name in ("features", "dropout", "logit", "diagnoses")]
    assert {layer.compute_dtype for layer in last} == {"float32"}
