"""``python -m ml train`` trains a tiny network on generated lesions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ml.training import runs
from tests.ml.commands.conftest import command, list_training_options

pytestmark = pytest.mark.usefixtures("quick")


def test_a_run_killed_by_the_system_goes_on_to_the_same_weights(
    run, training_folder, test_folder, pairs, tmp_path
):
    options = list_training_options(training_folder, test_folder, pairs, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ml.tiny", *map(str, options)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / runs.STATE).exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    _, messages = process.communicate()
    assert process.returncode == -signal.SIGKILL
    # TensorFlow has started without a word.
    assert messages == b""
    assert 0 < len(runs.read_history(tmp_path)) < 6

    command(*options)
    assert runs.read_history(tmp_path) == runs.read_history(run)
    resumed, whole = runs.read_best(tmp_path), runs.read_best(run)
    assert resumed.keys() == whole.keys()
    for name, array in whole.items():
        assert np.array_equal(resumed[name], array)


def test_a_run_says_what_data_went_in(run):
    data = runs.read_data(run)
    assert data["found"] == {"benign": 12, "malignant": 12}
    assert data["dropped"]["near_duplicate_of_held_out"] == {"malignant": 1}
    assert data["validation"] == {"benign": 3, "malignant": 2}
    assert data["training"] == {"benign": 9, "malignant": 9}


def test_mistakes_in_training_get_a_sentence(
    refused, run, training_folder, test_folder, pairs, tmp_path
):
    def options(output, **changes):
        given = list_training_options(training_folder, test_folder, pairs, output)
        for name, value in changes.items():
            given[given.index(f"--{name.replace('_', '-')}") + 1] = value
        return given

    assert "no such file" in refused(*options(tmp_path, data=tmp_path / "gone"))
    assert "no picture" in refused(*options(tmp_path, data=tmp_path))
    assert "no such file" in refused(*options(tmp_path, near_duplicates="gone.csv"))
    assert "another settings.json" in refused(*options(run, passes=112))
    assert "another data.json" in refused(*options(run, validation_share=0.3))
    assert "Not a directory" in refused(*options(pairs / "run"))
