from __future__ import annotations

import pickle
from pathlib import Path

import keras
import numpy as np
import pytest

from ml import architectures
from ml.errors import InputError
from ml.training import pretrained
from tests.ml.reference import efficientnet_lite as reference

pytestmark = pytest.mark.usefixtures("packages")


@pytest.fixture(scope="session")
def packages() -> None:
    for variant in reference.VARIANTS:
        pretrained.find_checkpoint(variant)


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("variant", reference.VARIANTS)
def test_the_network_gives_the_features_of_the_original(variant, normalised):
    model = architectures.build(variant, input_size=reference.SIZE, normalised=normalised)
    pretrained.initialise(model, variant)
    network = keras.Model(model.input, model.get_layer("features").output)

    features = network(reference.pictures(), training=False)

    with np.load(reference.FILE) as expected:
        assert np.abs(expected[variant]).max() > 1
        np.testing.assert_allclose(features, expected[variant], rtol=0, atol=1e-4)


def test_the_last_layer_keeps_its_own_weights():
    model = architectures.build("efficientnet_lite0", input_size=32)
    before = model.get_layer("logit").get_weights()[0]
    pretrained.initialise(model, "efficientnet_lite0")
    np.testing.assert_array_equal(model.get_layer("logit").get_weights()[0], before)


def test_an_architecture_without_imagenet_weights_says_which_have_them():
    with pytest.raises(InputError, match=r"efficientnet_lite0.*not seven_stage"):
        pretrained.find_checkpoint("seven_stage")


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    path = tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps(Hostile(), protocol=2))

    with pytest.raises(InputError, match="not a checkpoint"):
        pretrained.read_checkpoint(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("keep", [0, 10, 5000, -1000])
def test_a_cut_off_checkpoint_is_refused(tmp_path, keep):
    path = tmp_path / "cut.pth"
    path.write_bytes(pretrained.find_checkpoint("efficientnet_lite0").read_bytes()[:keep])
    with pytest.raises(InputError, match="install its package again"):
        pretrained.read_checkpoint(path)


def test_a_file_of_another_format_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(pickle.dumps(12345))
    with pytest.raises(InputError, match="PyTorch's number"):
        pretrained.read_checkpoint(path)
