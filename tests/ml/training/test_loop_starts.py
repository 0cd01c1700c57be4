"""Training starts from ImageNet, from an earlier run, or from a bundle."""

from __future__ import annotations

from dataclasses import asdict, replace

import keras
import numpy as np
import pytest

from ml.__main__ import main
from ml.architectures.folding import fold
from ml.errors import InputError
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES
from ml.training import loop, pretrained, runs, start
from ml.training.loop import train
from ml.training.runs import TrainingSettings
from tests.ml.conftest import choose

FIRST = TrainingSettings(
    "efficientnet_lite0",
    input_size=16,
    passes=128,
    round_passes=64,
    warm_up=16,
    batch_size=16,
    learning_rate=5e-3,
    averaging=0.5,
    seed=3,
)
THEN = replace(FIRST, augmentation="without_artefacts", seed=4)


@pytest.fixture(autouse=True)
def _tiny(tiny_network):
    """Let no test here train the large network."""


@pytest.fixture(scope="module")
def selection(diagnoses_manifest):
    return choose(diagnoses_manifest)


@pytest.fixture
def earlier(selection, tmp_path):
    """Return the directory of a finished run."""
    train(FIRST, selection, tmp_path / "earlier")
    return tmp_path / "earlier"


@pytest.fixture
def bundle(earlier, tmp_path):
    """Return the directory of a bundle of that run."""
    command = ["export", "--run", earlier, "--name", "tiny", "--version", "1.0.0"]
    command += ["--licence", "CC0", "--output", tmp_path / "bundle"]
    assert main([str(part) for part in command]) == 0
    return tmp_path / "bundle"


@pytest.fixture
def first_weights(earlier, monkeypatch):
    """Return a dictionary that `train` fills with the weights, by path, instead of training on."""
    found = {}

    def note(run, selection):
        found.clear()
        found.update({v.path: v.numpy() for v in run.model.weights})
        found["average"] = dict(run.average.arrays)

    monkeypatch.setattr(loop._Run, "train", note)
    return found


def differing(ours, theirs):
    return [path for path, array in theirs.items() if not np.array_equal(ours[path], array)]


def test_a_run_starts_from_the_best_weights_of_the_earlier_one(
    selection, earlier, first_weights, tmp_path
):
    train(THEN, selection, tmp_path / "alone")
    best = runs.read_best(earlier)
    assert "dense/kernel" in differing(first_weights, best)
    train(THEN, selection, tmp_path / "then", start_from=earlier)
    assert differing(first_weights, best) == []
    assert differing(first_weights["average"], best) == []


def test_a_run_says_which_settings_the_earlier_one_had(selection, earlier, first_weights, tmp_path):
    train(THEN, selection, tmp_path / "then", start_from=earlier)
    # What it started from is not the end of the earlier run, but its best round.
    history = runs.read_history(earlier)
    ran = {"passes_run": history[runs.rank_rounds(history)[0]]["passes"]}
    assert runs.read_settings(tmp_path / "then") == replace(THEN, earlier=asdict(FIRST) | ran)
    assert runs.read_settings(earlier).earlier is None


def test_a_run_starts_from_a_bundle_with_its_normalisation(
    selection, earlier, bundle, first_weights, tmp_path
):
    train(THEN, selection, tmp_path / "then", start_from=bundle)
    assert differing(first_weights, runs.read_best(earlier)) == []
    before = runs.read_settings(tmp_path / "then").earlier
    assert before["passes"] == FIRST.passes


def test_a_kind_of_picture_can_be_learnt_on_top(selection, earlier, first_weights, tmp_path):
    train(replace(THEN, image_type_weight=0.3), selection, tmp_path / "then", start_from=earlier)
    assert differing(first_weights, runs.read_best(earlier)) == []
    assert first_weights["image_type_logit/kernel"].any()


def test_the_eighth_diagnosis_starts_as_what_it_counted_as(
    selection, earlier, first_weights, tmp_path, monkeypatch
):
    def read_seven(directory):
        seven = [DIAGNOSIS_CODES.index(code) for code in SEVEN_CODES]
        return {
            path: array[..., seven] if path.startswith("logit/") else array
            for path, array in runs.read_best(directory).items()
        }

    monkeypatch.setattr(start, "read_weights", read_seven)
    train(THEN, selection, tmp_path / "then", start_from=earlier)
    kernel = runs.read_best(earlier)["logit/kernel"]
    kernel[:, DIAGNOSIS_CODES.index("scc")] = kernel[:, DIAGNOSIS_CODES.index("akiec")]
    assert np.array_equal(first_weights["logit/kernel"], kernel)


def test_a_run_that_was_stopped_does_not_start_from_the_earlier_one_again(
    selection, earlier, tmp_path
):
    class Stopped(BaseException):
        pass

    def stop(progress, done, text):
        raise Stopped

    run = tmp_path / "then"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.TrainingProgress, "tell", stop)
        with pytest.raises(Stopped):
            train(THEN, selection, run, start_from=earlier)
    went_on_with = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop._Run, "train", lambda run, selection: went_on_with.append(run))
        train(THEN, selection, run, start_from=earlier)
    assert went_on_with[0].step == 4
    assert differing(went_on_with[0].average.arrays, runs.read_best(run)) == []
    assert differing(went_on_with[0].average.arrays, runs.read_best(earlier)) != []


def test_a_run_that_was_validated_on_other_pictures_is_no_start(
    diagnoses_manifest, earlier, tmp_path
):
    other = choose(diagnoses_manifest, seed=2)
    with pytest.raises(InputError, match="validated on other pictures"):
        train(THEN, other, tmp_path / "then", start_from=earlier)
    assert not (tmp_path / "then").exists()


def test_a_run_of_another_network_is_no_start(selection, earlier, tmp_path):
    other = replace(THEN, architecture="efficientnet_lite1")
    with pytest.raises(InputError, match=r"Expected: efficientnet_lite1. Received: efficientnet"):
        train(other, selection, tmp_path / "then", start_from=earlier)


def test_a_directory_without_a_run_is_no_start(selection, tmp_path):
    with pytest.raises(InputError, match="not a training run"):
        train(THEN, selection, tmp_path / "then", start_from=tmp_path / "nothing")


def test_a_network_that_was_folded_for_good_is_no_start(selection, bundle, tmp_path, monkeypatch):
    folded = fold(runs.read_best(tmp_path / "earlier"))
    monkeypatch.setattr(start, "read_weights", lambda directory: folded)
    assert Bundle.read(bundle).data == selection.report
    with pytest.raises(InputError, match="served folded only"):
        train(THEN, selection, tmp_path / "then", start_from=bundle)


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
    assert (first_weights["dense/kernel"] == 1).all()
    assert (first_weights["average"]["dense/kernel"] == 1).all()


def test_the_seven_stage_network_has_no_imagenet_weights(selection, tmp_path):
    with pytest.raises(InputError, match="not seven_stage"):
        train(replace(THEN, architecture="seven_stage", pretrained=True), selection, tmp_path)
    assert keras.config.dtype_policy().name == "float32"


def test_larger_pictures_can_follow_smaller_ones_where_the_weights_fit(
    selection, earlier, first_weights, tmp_path
):
    with pytest.raises(InputError, match="--input-size"):
        train(replace(THEN, input_size=32), selection, tmp_path / "then", start_from=earlier)
