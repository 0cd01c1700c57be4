"""These tests really train a tiny network, kill it at every critical moment, and go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml import architectures
from ml.data.manifest import read_samples
from ml.errors import InputError
from ml.training import loop, runs, state, validation
from ml.training.loop import load_best, train
from ml.training.runs import TrainingSettings
from tests.ml import tiny
from tests.ml.conftest import choose

#: These settings make nine rounds of three steps.
SETTINGS = TrainingSettings(
    "seven_stage",
    passes=27 * 6,
    round_passes=18,
    warm_up=18,
    batch_size=6,
    learning_rate=5e-3,
    averaging=0.5,
    seed=3,
)
#: This network is normalised and learns the kind of picture beside the diagnoses. The changes to
#: its pictures are mild enough for so small a network.
EIGHT = replace(
    SETTINGS,
    architecture="efficientnet_lite0",
    passes=80 * 12,
    round_passes=20 * 12,
    batch_size=12,
    learning_rate=0.02,
    augmentation="mild",
    image_type_weight=0.3,
)
#: Two rounds of ten steps tell whether it goes on, but not whether it learns.
SHORT = replace(EIGHT, passes=20 * 12, round_passes=10 * 12)


class Killed(BaseException):
    """This ends a run the way SIGKILL does, as nothing of the run handles it."""


@pytest.fixture(autouse=True)
def _tiny(tiny_network, monkeypatch):
    """Let no test here train the large network, and save the state within a round too."""
    monkeypatch.setattr(loop, "SAVE_EVERY", 2)
    monkeypatch.setattr(validation, "ENOUGH", 5)


@pytest.fixture(scope="module")
def selection(training_folder):
    return choose(training_folder)


@pytest.fixture(scope="module")
def diagnoses(diagnoses_manifest):
    """Return pictures of the eight diagnoses, some with a coarse label."""
    return choose(diagnoses_manifest)


@pytest.fixture(scope="module")
def finished(selection, tmp_path_factory):
    """Return the directory of a run that was never interrupted."""
    directory = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        train(SETTINGS, selection, directory)
    return directory


@pytest.fixture(scope="module")
def short(diagnoses, tmp_path_factory):
    """Return the directory of a short run of the diagnoses and kinds of picture."""
    directory = tmp_path_factory.mktemp("runs") / "short"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        patch.setattr(validation, "ENOUGH", 5)
        train(SHORT, diagnoses, directory)
    return directory


def arrays(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def assert_same_run(directory, expected):
    assert runs.read_history(directory) == runs.read_history(expected)
    kept = sorted(path.name for path in (expected / runs.ROUNDS).iterdir())
    assert sorted(path.name for path in (directory / runs.ROUNDS).iterdir()) == kept
    for name in (runs.STATE, *(f"{runs.ROUNDS}/{name}" for name in kept)):
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
        pytest.param(loop.TrainingProgress, "step", 1, True, id="before anything is saved"),
        pytest.param(loop.TrainingProgress, "step", 14, True, id="inside a round"),
        pytest.param(loop, "write_arrays", 3, False, id="between weights and history"),
        pytest.param(runs, "write_history", 3, False, id="between history and state"),
        pytest.param(state, "save", 5, False, id="after the state"),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    selection, finished, tmp_path, owner, name, call, before
):
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, owner, name, call, before=before)
        with pytest.raises(Killed):
            train(SETTINGS, selection, tmp_path)
    assert len(runs.read_history(tmp_path)) < 9
    train(SETTINGS, selection, tmp_path)
    assert_same_run(tmp_path, finished)


def test_an_interrupted_run_keeps_its_last_step(selection, finished, tmp_path):
    def interrupt(progress, done, loss):
        if done == 7 * 6:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.TrainingProgress, "step", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(SETTINGS, selection, tmp_path)
    assert len(arrays(tmp_path / runs.STATE)["losses"]) == 1
    train(SETTINGS, selection, tmp_path)
    assert_same_run(tmp_path, finished)


def test_the_best_rounds_are_kept_and_no_others(finished):
    best = runs.rank_rounds(runs.read_history(finished))[: runs.KEPT]
    kept = set((finished / runs.ROUNDS).iterdir())
    assert kept == {runs.round_path(finished, index) for index in best}
    assert len(kept) == runs.KEPT < 9


def test_a_run_logs_where_it_stands(finished):
    lines = (finished / runs.LOG).read_text().splitlines()
    assert any("162 of 162 passes" in line and "0:00:00 left" in line for line in lines)
    assert sum("score" in line for line in lines) == 9


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_run_lists_its_pictures(selection, finished, part):
    listed = read_samples(finished / f"{part}.csv")
    assert [(s.path, s.label) for s in listed] == [
        (s.path, s.label) for s in getattr(selection, part)
    ]


def test_diagnoses_and_kinds_of_picture_are_learnt(diagnoses, tmp_path):
    train(EIGHT, diagnoses, tmp_path)
    first, *_, last = (entry["domains"]["collection"] for entry in runs.read_history(tmp_path))
    assert last["loss"] < 0.9 * first["loss"]
    # By chance it would be one in eight.
    assert last["balanced_accuracy"] > 0.25
    assert last["malignant_auroc"] > 0.6
    assert last["image_type_accuracy"] == 1


def test_a_killed_run_of_diagnoses_and_kinds_of_picture_goes_on(diagnoses, short, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, loop.TrainingProgress, "step", 14, before=True)
        with pytest.raises(Killed):
            train(SHORT, diagnoses, tmp_path)
    assert len(runs.read_history(tmp_path)) == 1
    train(SHORT, diagnoses, tmp_path)
    assert_same_run(tmp_path, short)


def test_what_is_served_is_the_folded_average_of_the_best_round(short):
    served = load_best(short)
    trained = tiny.build("efficientnet_lite0", image_types=3, normalised=True)
    best = runs.read_best(short)
    for variable in trained.weights:
        variable.assign(best[variable.path])
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype(np.float32)
    for ours, theirs in zip(served(pixels), trained(pixels, training=False), strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)
    assert not any("normalisation" in variable.path for variable in served.weights)
    last = arrays(short / runs.STATE)
    kernel = next(i for i, v in enumerate(trained.weights) if v.path == "dense/kernel")
    assert not np.array_equal(last[f"weights/{kernel}"], best["dense/kernel"])


def test_without_averaging_the_last_weights_are_kept(selection, tmp_path):
    settings = replace(SETTINGS, averaging=0.0, passes=5 * 6, round_passes=5 * 6)
    train(settings, selection, tmp_path)
    state, best = arrays(tmp_path / runs.STATE), runs.read_best(tmp_path)
    kernel = next(i for i, v in enumerate(tiny.build().weights) if v.path == "dense/kernel")
    assert np.allclose(state[f"weights/{kernel}"], best["dense/kernel"], atol=1e-6)


def test_a_finished_run_is_not_trained_again(selection, finished):
    before = (finished / runs.STATE).stat().st_mtime_ns
    train(SETTINGS, selection, finished)
    assert (finished / runs.STATE).stat().st_mtime_ns == before


def test_the_best_network_is_served_in_float32(selection, tmp_path):
    train(replace(SETTINGS, passes=18, precision="mixed_bfloat16"), selection, tmp_path)
    network = load_best(tmp_path)
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    assert np.array_equal(
        network.get_layer("dense").kernel, runs.read_best(tmp_path)["dense/kernel"]
    )


def test_other_settings_do_not_touch_a_run(selection, finished):
    with pytest.raises(InputError, match="other"):
        train(replace(SETTINGS, seed=4), selection, finished)


def test_a_loss_that_is_not_finite_stops_the_run(selection, tmp_path):
    with pytest.raises(InputError, match=r"diverged after .* lower --learning-rate"):
        train(replace(SETTINGS, learning_rate=1e30, warm_up=1), selection, tmp_path)


def test_a_lost_history_is_noticed(selection, finished, tmp_path):
    for name in (runs.SETTINGS, runs.DATA, runs.STATE):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    with pytest.raises(InputError, match="lacks rounds"):
        train(SETTINGS, selection, tmp_path)


def test_a_damaged_state_is_named(selection, finished, tmp_path):
    for name in (runs.SETTINGS, runs.DATA, runs.HISTORY, runs.STATE):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    (tmp_path / runs.STATE).write_bytes((finished / runs.STATE).read_bytes()[:500])
    with pytest.raises(InputError, match=r"state\.npz is damaged"):
        train(SETTINGS, selection, tmp_path)


def test_a_run_without_a_finished_round_has_no_best_network(selection, tmp_path):
    runs.claim_directory(tmp_path, SETTINGS, selection.report)
    with pytest.raises(InputError, match="0 finished rounds"):
        load_best(tmp_path)
