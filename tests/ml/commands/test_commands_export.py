"""``python -m ml export`` and ``expect`` make the bundle of a training run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ml.judging.predictor import Predictor
from ml.packaging.bundle import Bundle
from ml.training import runs
from ml.training.expected import PICTURES
from ml.training.loop import load_best
from tests.ml import tiny
from tests.ml.commands.conftest import command
from tests.ml.conftest import judge_all

pytestmark = pytest.mark.usefixtures("quick")


def test_the_bundle_says_what_it_is(exported, run):
    bundle = Bundle.read(exported)
    bundle.verify()
    history = runs.read_history(run)
    best = runs.rank_rounds(history)[0]
    assert (bundle.name, bundle.version, bundle.threshold) == ("tiny", "1.2.3", 0.5)
    assert (bundle.architecture, bundle.input_size) == ("seven_stage", tiny.SIZE)
    assert bundle.classes == ("benign", "malignant")
    assert bundle.malignant == ("malignant",)
    assert bundle.data == runs.read_data(run)
    assert bundle.training["seed"] == 3
    assert bundle.training["passes_run"] == 96
    assert bundle.training["best_passes"] == [history[best]["passes"]]
    assert bundle.metrics["validation"] == history[best]["domains"]


def test_the_bundle_answers_as_the_run_does(exported, run, test_folder):
    network = load_best(run)
    path = test_folder / "benign/benign-1.png"
    with Image.open(path) as picture:
        judgement = judge_all(Predictor.load(Bundle.read(exported)), [picture])[0]
        original = judge_all(Predictor(network, Bundle.read(exported)), [picture])[0]
    assert judgement.malignant_probability == pytest.approx(
        original.malignant_probability, abs=1e-5
    )


def test_the_bundle_says_what_the_run_answers_about_the_kept_pictures(exported):
    bundle = Bundle.read(exported)
    kept = json.loads(bundle.expected_path.read_text())
    assert "of the run" in kept["origin"]
    assert kept["weights_sha256"] == bundle.sha256
    predictor = Predictor.load(bundle)
    assert len(kept["pictures"]) == 4
    for name, answer in kept["pictures"].items():
        with Image.open(PICTURES / name) as picture:
            judgement = judge_all(predictor, [picture])[0]
        assert judgement.probabilities == pytest.approx(answer["probabilities"], abs=1e-3)


def test_expected_answers_follow_the_calibration(exported, run):
    before = Bundle.read(exported)
    kept = before.expected_path.read_text()
    changed = replace(before, calibration={"temperature": 0.5, "bias": [1.0]})
    try:
        changed.write()
        command("expect", "--bundle", exported, "--run", run)
        by_run = json.loads(changed.expected_path.read_text())["pictures"]
        command("expect", "--bundle", exported)
        written = json.loads(changed.expected_path.read_text())
    finally:
        before.write()
        before.expected_path.write_text(kept)
    assert "not at hand" in written["origin"]
    assert by_run.keys() == written["pictures"].keys()
    for name, answer in written["pictures"].items():
        first = json.loads(kept)["pictures"][name]["probabilities"]
        odds = first["malignant"] / first["benign"]
        expected = 1 / (1 + 1 / (odds**2 * np.e))
        assert answer["probabilities"]["malignant"] == pytest.approx(expected, abs=1e-4)
        assert answer["probabilities"] == pytest.approx(by_run[name]["probabilities"], abs=1e-4)


def test_mistakes_in_export_get_a_sentence(refused, tmp_path):
    options = ["--run", tmp_path, "--name", "a", "--version", "1.0.0", "--output", "b"]
    assert "not a training run" in refused("export", *options, "--licence", "CC0")


def test_a_size_that_the_network_cannot_read_gets_a_sentence(refused, run, tmp_path):
    options = ["--run", run, "--name", "a", "--version", "1.0.0", "--licence", "CC0"]
    options += ["--output", tmp_path, "--input-size", 2 * tiny.SIZE]
    assert "leave out --input-size" in refused("export", *options)
