from __future__ import annotations

import pytest

from ml import runs
from ml.errors import InputError
from ml.runs import Settings

SETTINGS = Settings("seven_stage", epochs=5, patience=2)
DATA = {"training": {"benign": 1}}


def history(*losses):
    return [{"val_loss": loss} for loss in losses]


def test_a_claimed_directory_tells_its_settings_and_data(tmp_path):
    runs.claim(tmp_path / "a/b", SETTINGS, DATA)
    assert runs.read_settings(tmp_path / "a/b") == SETTINGS
    assert runs.read_data(tmp_path / "a/b") == DATA
    assert runs.read_history(tmp_path / "a/b") == []


def test_the_same_run_may_claim_it_again(tmp_path):
    runs.claim(tmp_path, SETTINGS, DATA)
    runs.claim(tmp_path, SETTINGS, DATA)


def test_other_settings_are_refused_and_named(tmp_path):
    runs.claim(tmp_path, SETTINGS, DATA)
    with pytest.raises(InputError, match=r"Expected: {'epochs': 5}. Received: {'epochs': 6}"):
        runs.claim(tmp_path, Settings("seven_stage", epochs=6, patience=2), DATA)


def test_other_data_is_refused(tmp_path):
    runs.claim(tmp_path, SETTINGS, DATA)
    with pytest.raises(InputError, match=r"another data\.json"):
        runs.claim(tmp_path, SETTINGS, {"training": {"benign": 2}})


@pytest.mark.parametrize("read", [runs.read_settings, runs.read_data])
def test_a_directory_without_a_run_is_refused(tmp_path, read):
    with pytest.raises(InputError, match="not a training run"):
        read(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / runs.HISTORY).write_text("[{")
    with pytest.raises(InputError, match=r"history\.json is not JSON"):
        runs.read_history(tmp_path)


def test_the_first_of_the_lowest_losses_is_the_best_epoch():
    assert runs.best_epoch(history(0.5, 0.3, 0.4, 0.3)) == 1


@pytest.mark.parametrize(
    ("losses", "ended"),
    [
        ((), False),
        ((0.5, 0.6), False),
        ((0.5, 0.6, 0.7), True),
        ((0.9, 0.8, 0.7, 0.6), False),
        ((0.9, 0.8, 0.7, 0.6, 0.5), True),
    ],
)
def test_a_run_ends_without_epochs_or_without_patience(losses, ended):
    assert runs.has_ended(SETTINGS, history(*losses)) is ended
