"""Trains a tiny network for real, kills it at every critical moment, and goes on."""

from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import pytest

from ml import architectures, runs, training
from ml.errors import InputError
from ml.manifest import read_samples
from ml.objective import targets_of
from ml.runs import Settings
from ml.training import Checkpoint, load_best, train
from tests.ml import tiny
from tests.ml.conftest import choose

# Keras 3.15 reads TensorFlow's variables this way when it saves weights.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

SETTINGS = Settings("seven_stage", epochs=3, batch_size=6, learning_rate=5e-3, seed=3)
SEVEN = replace(SETTINGS, architecture="efficientnet_lite0", epochs=6, learning_rate=0.02)


class Killed(BaseException):
    """Ends a run the way SIGKILL does: nothing of the run handles it."""


@pytest.fixture(autouse=True)
def _tiny(tiny_network):
    """No test here trains the large network."""


@pytest.fixture(scope="module")
def selection(training_folder):
    return choose(training_folder)


@pytest.fixture(scope="module")
def diagnoses(diagnoses_manifest):
    """The pictures of the seven diagnoses, some with a coarse label."""
    return choose(diagnoses_manifest)


@pytest.fixture(scope="module")
def finished(selection, tmp_path_factory):
    """The directory of a run that was never interrupted."""
    directory = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        train(SETTINGS, selection, directory)
    return directory


def arrays(path):
    """Every array of a weights file by its place: weights, moments of the optimiser, steps."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def assert_same_run(directory, expected):
    assert runs.read_history(directory) == runs.read_history(expected)
    for name in (runs.STATE, runs.BEST):
        ours, theirs = arrays(directory / name), arrays(expected / name)
        assert ours.keys() == theirs.keys()
        for key, array in ours.items():
            assert np.array_equal(array, theirs[key]), (name, key)


def kill_at(patch, owner, name, call, *, before):
    """Make the given call (counted from 1) of a function end the process's work."""
    original, seen = getattr(owner, name), []

    def wrapped(*arguments, **options):
        seen.append(None)
        if before and len(seen) == call:
            raise Killed
        result = original(*arguments, **options)
        if len(seen) == call:
            raise Killed
        return result

    patch.setattr(owner, name, wrapped)


@pytest.mark.parametrize(
    ("owner", "name", "call", "before"),
    [
        pytest.param(training.EpochProgress, "on_train_batch_end", 5, True, id="inside an epoch"),
        # The first two calls of write_json write the settings and the data.
        pytest.param(runs, "write_json", 4, False, id="between history and state"),
        pytest.param(training, "keep_as_best", 2, True, id="between state and best"),
        pytest.param(training, "keep_as_best", 2, False, id="after an epoch"),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    selection, finished, tmp_path, owner, name, call, before
):
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, owner, name, call, before=before)
        with pytest.raises(Killed):
            train(SETTINGS, selection, tmp_path)
    assert len(runs.read_history(tmp_path)) < SETTINGS.epochs
    train(SETTINGS, selection, tmp_path)
    assert_same_run(tmp_path, finished)


def test_best_weights_that_a_kill_left_behind_are_put_right_first(selection, tmp_path, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, training, "keep_as_best", 2, before=True)
        with pytest.raises(Killed):
            train(SETTINGS, selection, tmp_path)
    assert runs.best_epoch(runs.read_history(tmp_path)) == 1
    # Nothing later may hide it.
    monkeypatch.setattr(training, "_fit", lambda *arguments: None)
    train(SETTINGS, selection, tmp_path)
    assert (tmp_path / runs.BEST).read_bytes() == (tmp_path / runs.STATE).read_bytes()


def test_training_learns(finished):
    losses = [logs["val_loss"] for logs in runs.read_history(finished)]
    assert len(losses) == SETTINGS.epochs
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_run_lists_its_pictures(selection, finished, part):
    listed = read_samples(finished / f"{part}.csv")
    assert [(s.path, s.label) for s in listed] == [
        (s.path, s.label) for s in getattr(selection, part)
    ]


def test_seven_diagnoses_are_learnt_and_a_killed_run_of_them_goes_on(diagnoses, tmp_path):
    train(SEVEN, diagnoses, tmp_path / "whole")
    history = runs.read_history(tmp_path / "whole")
    assert history[-1]["val_loss"] < 0.9 * history[0]["val_loss"]
    # One in seven by chance.
    assert history[-1]["val_accuracy"] > 0.25
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, training, "keep_as_best", 2, before=True)
        with pytest.raises(Killed):
            train(SEVEN, diagnoses, tmp_path / "killed")
    train(SEVEN, diagnoses, tmp_path / "killed")
    assert_same_run(tmp_path / "killed", tmp_path / "whole")


def test_coarse_labels_are_shown_to_the_network_with_their_weight(diagnoses, tmp_path, monkeypatch):
    shown = {}

    def fit(self, batches, **options):
        shown["targets"], shown["weights"] = batches.targets, batches.weights
        shown["validation"] = options["validation_data"][1]

    monkeypatch.setattr(training.keras.Model, "fit", fit)
    train(replace(SEVEN, coarse_weight=0.25, class_balance=0.0), diagnoses, tmp_path)
    coarse = np.array([s.label == "malignant" for s in diagnoses.training])
    assert shown["targets"][coarse].sum(1).tolist() == [3] * coarse.sum()
    assert shown["weights"].tolist() == np.where(coarse, 0.25, 1).tolist()
    assert np.array_equal(shown["validation"], targets_of(diagnoses.validation, 7))


def test_a_finished_run_is_not_trained_again(selection, finished, monkeypatch):
    before = (finished / runs.STATE).stat().st_mtime_ns
    monkeypatch.setattr(training, "_fit", None)
    train(SETTINGS, selection, finished)
    assert (finished / runs.STATE).stat().st_mtime_ns == before


def test_the_best_epoch_is_kept_and_patience_ends_the_run(selection, tmp_path):
    # Far too fast to get better for long.
    settings = replace(SETTINGS, epochs=30, patience=1, learning_rate=0.5)
    train(settings, selection, tmp_path)
    history = runs.read_history(tmp_path)
    best = runs.best_epoch(history)
    assert len(history) == best + 2 < settings.epochs
    assert int(arrays(tmp_path / runs.BEST)["optimizer/vars/0"]) == (best + 1) * 3
    assert int(arrays(tmp_path / runs.STATE)["optimizer/vars/0"]) == (best + 2) * 3


def test_the_best_network_is_served_in_float32(selection, tmp_path):
    train(replace(SETTINGS, epochs=1, precision="mixed_bfloat16"), selection, tmp_path)
    network = load_best(tmp_path)
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    stored = arrays(tmp_path / runs.BEST)
    assert any(
        np.array_equal(network.get_layer("dense").kernel, array) for array in stored.values()
    )


def test_other_settings_do_not_touch_a_run(selection, finished):
    with pytest.raises(InputError, match="other"):
        train(replace(SETTINGS, seed=4), selection, finished)


def test_fewer_pictures_than_a_batch_are_refused(selection, tmp_path):
    with pytest.raises(InputError, match="--batch-size"):
        train(replace(SETTINGS, batch_size=64), selection, tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run_before_anything_is_written(tmp_path):
    checkpoint = Checkpoint(tmp_path, patience=3, history=[{"loss": 0.5, "val_loss": 0.5}])
    with pytest.raises(InputError, match="diverged in epoch 2"):
        checkpoint.on_epoch_end(1, {"loss": 0.4, "val_loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_a_lost_history_is_noticed(selection, finished, tmp_path):
    for name in (runs.SETTINGS, runs.DATA, runs.STATE, runs.BEST):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    with pytest.raises(InputError, match="lacks epochs"):
        train(SETTINGS, selection, tmp_path)


def test_a_run_without_a_finished_epoch_has_no_best_network(selection, tmp_path):
    runs.claim(tmp_path, SETTINGS, selection.report)
    with pytest.raises(InputError, match="not finished an epoch"):
        load_best(tmp_path)
