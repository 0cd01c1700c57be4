from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from ml.errors import InputError
from ml.files import write_arrays
from ml.training import runs
from ml.training.runs import TrainingSettings

SETTINGS = TrainingSettings("seven_stage", passes=500)
DATA = {"training": {"benign": 1}}


def claim(directory, settings=SETTINGS, data=DATA):
    runs.claim_directory(directory, settings, data)


def test_a_claimed_directory_tells_its_settings_and_data(tmp_path):
    claim(tmp_path / "a/b")
    assert runs.read_settings(tmp_path / "a/b") == SETTINGS
    assert runs.read_data(tmp_path / "a/b") == DATA
    assert runs.read_history(tmp_path / "a/b") == []


def test_the_same_run_may_claim_it_again(tmp_path):
    claim(tmp_path)
    claim(tmp_path)


def test_other_settings_are_refused_and_named(tmp_path):
    claim(tmp_path)
    with pytest.raises(InputError, match=r"Expected: {'passes': 500}. Received: {'passes': 600}"):
        claim(tmp_path, replace(SETTINGS, passes=600))


def test_other_data_is_refused(tmp_path):
    claim(tmp_path)
    with pytest.raises(InputError, match=r"another data\.json"):
        claim(tmp_path, data={"training": {"benign": 2}})


def test_a_run_that_began_before_a_setting_existed_goes_on_with_its_default(tmp_path):
    claim(tmp_path)
    stored = asdict(SETTINGS)
    del stored["averaging"]
    (tmp_path / runs.SETTINGS).write_text(json.dumps(stored))
    assert runs.read_settings(tmp_path) == SETTINGS
    claim(tmp_path)
    with pytest.raises(InputError, match="averaging"):
        claim(tmp_path, replace(SETTINGS, averaging=0.5))


def test_a_run_with_settings_that_are_not_known_names_them(tmp_path):
    (tmp_path / runs.SETTINGS).write_text(json.dumps(asdict(SETTINGS) | {"epochs": 3}))
    with pytest.raises(InputError, match=r"another version.*\['epochs'\]"):
        runs.read_settings(tmp_path)


@pytest.mark.parametrize("read", [runs.read_settings, runs.read_data])
def test_a_directory_without_a_run_is_refused(tmp_path, read):
    with pytest.raises(InputError, match="not a training run"):
        read(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / runs.HISTORY).write_text("[{")
    with pytest.raises(InputError, match=r"history\.json is not JSON"):
        runs.read_history(tmp_path)


def test_rounds_are_ranked_by_score_and_the_first_of_equals_comes_first():
    history = [{"score": score} for score in (0.5, 0.8, 0.7, 0.8)]
    assert runs.rank_rounds(history) == [1, 3, 2, 0]


@pytest.fixture
def finished(tmp_path):
    """Return a run of three rounds whose weights are the number of the round."""
    claim(tmp_path)
    runs.write_history(tmp_path, [{"score": score} for score in (0.5, 0.9, 0.7)])
    (tmp_path / runs.ROUNDS).mkdir()
    for index in range(3):
        write_arrays(
            runs.round_path(tmp_path, index), {"logit/bias": np.full(2, index, np.float32)}
        )
    return tmp_path


def test_the_weights_of_the_best_round_are_read_or_the_mean_of_the_best(finished):
    assert runs.read_best(finished)["logit/bias"].tolist() == [1, 1]
    assert runs.read_best(finished, 2)["logit/bias"].tolist() == [1.5, 1.5]
    assert runs.read_best(finished, 2)["logit/bias"].dtype == np.float32


@pytest.mark.parametrize("rounds", [4, runs.KEPT + 1])
def test_more_rounds_than_are_kept_are_refused(finished, rounds):
    with pytest.raises(InputError, match=f"Wanted: {rounds}"):
        runs.read_best(finished, rounds)


def test_a_run_shorter_than_a_batch_has_one_step():
    settings = TrainingSettings("seven_stage", passes=10, batch_size=48)
    assert (settings.steps, settings.round_steps) == (1, 1)
    assert replace(settings, passes=4800, round_passes=960).round_steps == 20
    assert replace(settings, passes=4800, round_passes=9600).round_steps == 100
