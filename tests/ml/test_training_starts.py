"""Where training starts: from an earlier run's weights, and with some layers kept as they are."""

from __future__ import annotations

from dataclasses import asdict, replace

import keras
import numpy as np
import pytest

from ml import pretrained, runs, training
from ml.errors import InputError
from ml.runs import Settings
from ml.training import load_best, train
from tests.ml.conftest import choose

# Keras 3.15 reads TensorFlow's variables this way when it saves weights.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

FIRST = Settings("efficientnet_lite0", epochs=2, batch_size=16, learning_rate=5e-3, seed=3)
THEN = replace(FIRST, epochs=1, augmentation="without_artefacts", seed=4)


@pytest.fixture(autouse=True)
def _tiny(tiny_network):
    """No test here trains the large network."""


@pytest.fixture(scope="module")
def selection(diagnoses_manifest):
    return choose(diagnoses_manifest)


@pytest.fixture
def earlier(selection, tmp_path):
    """The directory of a finished run."""
    train(FIRST, selection, tmp_path / "earlier")
    return tmp_path / "earlier"


def watch(monkeypatch):
    """Return a list that `train` fills with the weights it would have trained on."""
    found = []

    def fit(model, *arguments):
        found[:] = model.get_weights()

    monkeypatch.setattr(training, "_fit", fit)
    return found


@pytest.fixture
def first_weights(earlier, monkeypatch):
    return watch(monkeypatch)


def same(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_run_starts_from_the_best_weights_of_the_earlier_one(
    selection, earlier, first_weights, tmp_path
):
    train(THEN, selection, tmp_path / "alone")
    assert not same(first_weights, load_best(earlier).get_weights())
    train(THEN, selection, tmp_path / "then", start_from=earlier)
    assert same(first_weights, load_best(earlier).get_weights())


def test_a_run_says_which_settings_the_earlier_one_had(selection, earlier, first_weights, tmp_path):
    train(THEN, selection, tmp_path / "then", start_from=earlier)
    assert runs.read_settings(tmp_path / "then") == replace(THEN, earlier=asdict(FIRST))
    assert runs.read_settings(earlier).earlier is None


def test_a_run_that_was_stopped_does_not_start_from_the_earlier_one_again(
    selection, earlier, tmp_path, monkeypatch
):
    class Stopped(BaseException):
        pass

    def stop(checkpoint, epoch, logs=None):
        finish(checkpoint, epoch, logs)
        raise Stopped

    finish = training.Checkpoint.on_epoch_end
    longer, run = replace(THEN, epochs=2), tmp_path / "then"
    with monkeypatch.context() as patch:
        patch.setattr(training.Checkpoint, "on_epoch_end", stop)
        with pytest.raises(Stopped):
            train(longer, selection, run, start_from=earlier)
    went_on_with = watch(monkeypatch)
    train(longer, selection, run, start_from=earlier)
    assert same(went_on_with, load_best(run).get_weights())
    assert not same(went_on_with, load_best(earlier).get_weights())


def test_a_run_that_learnt_from_other_pictures_is_no_start(diagnoses_manifest, earlier, tmp_path):
    with pytest.raises(InputError, match="has learnt from other pictures"):
        train(THEN, choose(diagnoses_manifest, seed=2), tmp_path / "then", start_from=earlier)
    assert not (tmp_path / "then").exists()


def test_a_run_of_another_network_is_no_start(selection, earlier, tmp_path):
    other = replace(THEN, architecture="efficientnet_lite1")
    with pytest.raises(InputError, match=r"Expected: efficientnet_lite1. Received: efficientnet"):
        train(other, selection, tmp_path / "then", start_from=earlier)


def test_a_directory_without_a_run_is_no_start(selection, tmp_path):
    with pytest.raises(InputError, match="not a training run"):
        train(THEN, selection, tmp_path / "then", start_from=tmp_path / "nothing")


def test_layers_before_the_first_trained_one_keep_their_weights(selection, earlier, tmp_path):
    settings = replace(THEN, train_from="dense")
    train(settings, selection, tmp_path / "then", start_from=earlier)
    before, after = load_best(earlier), load_best(tmp_path / "then")
    for name, kept in (("conv_1", True), ("dense", False), ("logit", False)):
        found = same(before.get_layer(name).get_weights(), after.get_layer(name).get_weights())
        assert found is kept, name


def test_an_unknown_first_layer_is_refused_with_those_there_are(selection, tmp_path):
    with pytest.raises(InputError, match=r"no layer block_99.*'conv_1'"):
        train(replace(THEN, train_from="block_99"), selection, tmp_path)


def test_imagenet_weights_are_asked_for_by_the_name_of_the_network(
    selection, first_weights, tmp_path, monkeypatch
):
    asked = []

    def initialise(model, architecture):
        asked.append(architecture)
        model.get_layer("dense").set_weights([np.ones((196, 8)), np.ones(8)])

    monkeypatch.setattr(pretrained, "initialise", initialise)
    train(THEN, selection, tmp_path / "without")
    assert asked == []
    train(replace(THEN, pretrained=True), selection, tmp_path / "with")
    assert asked == ["efficientnet_lite0"]
    assert any(array.shape == (196, 8) and (array == 1).all() for array in first_weights)


def test_the_seven_stage_network_has_no_imagenet_weights(selection, tmp_path):
    with pytest.raises(InputError, match="not seven_stage"):
        train(replace(THEN, architecture="seven_stage", pretrained=True), selection, tmp_path)
    assert keras.config.dtype_policy().name == "float32"


def test_larger_pictures_can_follow_smaller_ones_where_the_weights_fit(
    selection, earlier, first_weights, tmp_path
):
    with pytest.raises(InputError, match="--input-size"):
        train(replace(THEN, input_size=32), selection, tmp_path / "then", start_from=earlier)
