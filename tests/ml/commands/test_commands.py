"""The command line from training to evaluation, with a tiny network on generated lesions."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import architectures
from ml.__main__ import main
from ml.judging.predictor import Predictor
from ml.measuring import evaluation
from ml.packaging.bundle import Bundle
from ml.training import runs
from ml.training.expected import PICTURES
from ml.training.loop import load_best
from tests.ml import tiny


@pytest.fixture(autouse=True)
def _quick(tiny_network, monkeypatch):
    monkeypatch.setattr(evaluation, "RESAMPLES", 50)


@pytest.fixture(scope="module")
def pairs(training_folder, test_folder, tmp_path_factory):
    """One test picture has a near-duplicate in the training folder."""
    path = tmp_path_factory.mktemp("lists") / "near_duplicates.csv"
    twins = f"{test_folder}/malignant/malignant-2.png,{training_folder}/malignant/malignant-7.png"
    path.write_text(f"path_a,path_b\n{twins}\n")
    return path


def training_options(training_folder, test_folder, pairs, output):
    options = {
        "--architecture": "seven_stage",
        "--data": training_folder,
        "--output": output,
        "--near-duplicates": pairs,
        "--held-out": test_folder,
        "--validation-share": 0.25,
        "--input-size": tiny.SIZE,
        "--passes": 6 * 16,
        "--round-passes": 16,
        "--warm-up": 16,
        "--batch-size": 8,
        "--learning-rate": 0.01,
        "--seed": 3,
    }
    return ["train", *(str(part) for option in options.items() for part in option)]


@pytest.fixture(scope="module")
def run(training_folder, test_folder, pairs, tmp_path_factory):
    """A finished training run."""
    output = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        assert main(training_options(training_folder, test_folder, pairs, output)) == 0
    return output


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """The directory of a bundle made from the run."""
    output = tmp_path_factory.mktemp("bundles") / "tiny"
    command = [
        "export",
        "--run",
        str(run),
        "--name",
        "tiny",
        "--version",
        "1.2.3",
        "--licence",
        "CC0",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        assert main([*command, "--output", str(output)]) == 0
    return output


def test_a_run_killed_by_the_system_goes_on_to_the_same_weights(
    run, training_folder, test_folder, pairs, tmp_path
):
    options = training_options(training_folder, test_folder, pairs, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ml.tiny", *options],
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

    assert main(options) == 0
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
        judgement = Predictor.load(Bundle.read(exported)).predict([picture])[0]
        original = Predictor(network, Bundle.read(exported)).predict([picture])[0]
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
            judgement = predictor.predict([picture])[0]
        assert judgement.probabilities == pytest.approx(answer["probabilities"], abs=1e-3)


def test_expected_answers_follow_the_calibration(exported, run):
    before = Bundle.read(exported)
    kept = before.expected_path.read_text()
    changed = replace(before, calibration={"temperature": 0.5, "bias": [1.0]})
    try:
        changed.write()
        assert main(["expect", "--bundle", str(exported), "--run", str(run)]) == 0
        by_run = json.loads(changed.expected_path.read_text())["pictures"]
        assert main(["expect", "--bundle", str(exported)]) == 0
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


@pytest.fixture
def evaluate(exported, test_folder, pairs, training_folder, run, tmp_path):
    def command(*more):
        options = ["evaluate", "--bundle", exported, "--data", test_folder, "--output", tmp_path]
        return main([str(option) for option in (*options, *more)])

    return command


def test_an_evaluation_writes_metrics_and_predictions(
    evaluate, exported, pairs, training_folder, run, tmp_path, capsys
):
    more = ["--near-duplicates", pairs, "--training-data", training_folder, "--compare-run", run]
    assert evaluate(*more, "--title", "Generated lesions") == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    results = metrics["results"]
    assert results["official_split"]["pictures"] == {"benign": 6, "malignant": 6}
    assert results["de_leaked"]["pictures"] == {"benign": 6, "malignant": 5}
    assert results["official_split"]["title"] == "Generated lesions"
    assert results["de_leaked"]["title"].startswith("Generated lesions, without those")
    assert results["de_leaked"]["baselines"].keys() == {"majority_class", "nearest_neighbour"}
    assert metrics["model"]["sha256"] == Bundle.read(exported).sha256
    for effect in metrics["quantisation"].values():
        assert abs(effect["auroc"]["difference"]) < 0.002

    with (tmp_path / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 12
    assert rows[0]["path"] == "benign/benign-0.png"
    right = [
        (float(row["malignant_probability"]) >= 0.5) == (row["label"] == "malignant")
        for row in rows
    ]
    assert np.mean(right) == pytest.approx(results["official_split"]["model"]["accuracy"]["value"])
    printed = capsys.readouterr().out
    for part in ("Official split", "De leaked", "nearest neighbour", "8-bit storage"):
        assert part in printed
    assert "official_split" not in Bundle.read(exported).metrics


def test_an_evaluation_can_be_recorded_in_the_bundle(evaluate, exported, tmp_path):
    before = Bundle.read(exported)
    try:
        assert evaluate("--record") == 0
        recorded = Bundle.read(exported)
    finally:
        before.write()
    results = json.loads((tmp_path / "metrics.json").read_text())["results"]
    assert recorded.metrics == before.metrics | results
    assert list(results) == ["official_split"]


def refused(capsys, *arguments):
    """Run a command that must be refused, and return its sentence."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith("error: ")
    assert sentence.count("\n") == 1
    return sentence


def test_mistakes_in_training_get_a_sentence(
    capsys, run, training_folder, test_folder, pairs, tmp_path
):
    def options(output, **changes):
        given = training_options(training_folder, test_folder, pairs, output)
        for name, value in changes.items():
            given[given.index(f"--{name.replace('_', '-')}") + 1] = str(value)
        return given

    assert "no such file" in refused(capsys, *options(tmp_path, data=tmp_path / "gone"))
    assert "no picture" in refused(capsys, *options(tmp_path, data=tmp_path))
    assert "no such file" in refused(capsys, *options(tmp_path, near_duplicates="gone.csv"))
    assert "another settings.json" in refused(capsys, *options(run, passes=112))
    assert "another data.json" in refused(capsys, *options(run, validation_share=0.3))
    assert "Not a directory" in refused(capsys, *options(pairs / "run"))


def test_mistakes_in_export_get_a_sentence(capsys, tmp_path):
    command = ("export", "--run", tmp_path, "--name", "a", "--version", "1.0.0", "--output", "b")
    command += ("--licence", "CC0")
    assert "not a training run" in refused(capsys, *command)


def test_a_size_that_the_network_cannot_read_gets_a_sentence(capsys, run, tmp_path):
    command = ("export", "--run", run, "--name", "a", "--version", "1.0.0", "--licence", "CC0")
    command += ("--output", tmp_path, "--input-size", 2 * tiny.SIZE)
    assert "leave out --input-size" in refused(capsys, *command)


def test_mistakes_in_evaluation_get_a_sentence(
    capsys, exported, run, training_folder, test_folder, tmp_path
):
    def command(bundle, data, *more):
        return refused(
            capsys, "evaluate", "--bundle", bundle, "--data", data, "--output", tmp_path, *more
        )

    assert "no model called 'nothing'" in command("nothing", test_folder)
    assert "no model bundle" in command(tmp_path, test_folder)
    assert "no picture" in command(exported, tmp_path)
    assert "--near-duplicates" in command(exported, test_folder, "--training-data", test_folder)
    broken = tmp_path / "data/benign/broken.png"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no picture")
    assert "broken.png" in command(exported, tmp_path / "data")
