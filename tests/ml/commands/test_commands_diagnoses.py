"""The command line takes a tiny network of eight diagnoses from a manifest to the card."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from ml import architectures
from ml.measuring import evaluation
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSIS_CODES
from ml.training import runs
from tests.ml import tiny
from tests.ml.commands.conftest import command
from tests.ml.conftest import write_diagnoses


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("diagnoses")


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        patch.setattr(evaluation, "RESAMPLES", 50)
        patch.setattr(evaluation, "ENOUGH", 2)
        yield


@pytest.fixture(scope="module")
def held_out(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("test") / "set" / "held-out"
    return write_diagnoses(directory, 4, DIAGNOSIS_CODES, seed=9000)


@pytest.fixture(scope="module")
def run(folder, diagnoses_manifest, held_out) -> Path:
    options = ["--data", diagnoses_manifest, "--held-out", held_out, "--output", folder / "run"]
    options += ["--validation-share", 0.25, "--passes", 1200, "--round-passes", 300]
    options += ["--batch-size", 16, "--input-size", tiny.SIZE, "--warm-up", 80]
    options += ["--augmentation", "mild", "--averaging", 0.7, "--image-type-weight", 0.3]
    command("train", "--architecture", "efficientnet_lite0", "--learning-rate", 0.02, *options)
    return folder / "run"


@pytest.fixture(scope="module")
def bundle(folder, run, diagnoses_manifest, held_out) -> Bundle:
    """Return a bundle that was trained, exported, calibrated and measured."""
    directory = folder / "bundle"
    options = ["--name", "tiny-eight", "--version", "1.0.0", "--licence", "CC BY-NC 4.0"]
    command("export", "--run", run, "--output", directory, *options)
    command("calibrate", "--bundle", directory, "--data", run / runs.VALIDATION)
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b\n")
    options = ["--near-duplicates", pairs, "--training-data", diagnoses_manifest]
    options += ["--set", "held_out", "--output", folder / "report", "--record"]
    command("evaluate", "--bundle", directory, "--data", held_out, *options)
    return Bundle.read(directory)


def test_calibrating_writes_what_was_fitted_and_how_well_it_does_on_others(bundle):
    assert bundle.calibration["temperature"] not in (0, 1)
    assert bundle.calibration["bias"] == [0.0] * 8
    point = bundle.operating_point
    assert point["sensitivity"] == 0.9
    assert 0 < point["threshold"] < 1
    assert point["pictures"] > 0
    assert point["validation"]["sensitivity"]["value"] > 0.5
    assert bundle.threshold == 0.5


def test_eight_diagnoses_are_scored_with_intervals_by_class_and_beside_baselines(bundle, folder):
    result = json.loads((folder / "report/metrics.json").read_text())["results"]["held_out"]
    assert bundle.metrics["held_out"] == result
    assert result["pictures"] == dict.fromkeys(DIAGNOSIS_CODES, 4)
    assert result["groups"] == 16  # each lesion has two views
    assert result["with_near_duplicate_in_training"] == 0
    for part in ("model", "melanoma", "diagnosis"):
        score = result[part]["balanced_accuracy"]
        assert score["low"] <= score["value"] <= score["high"]
    assert result["diagnosis"]["balanced_accuracy"]["value"] > 0.4  # the network learnt the tints
    at_point = result["at_operating_point"]["sensitivity"]["value"]
    assert at_point >= result["model"]["sensitivity"]["value"]
    assert result["by_class"].keys() == set(DIAGNOSIS_CODES)
    assert result["subgroups"]["sex"].keys() == {"female", "male"}
    assert result["changed"].keys() == {"corners_masked", "low_resolution"}
    assert result["baselines"].keys() == {"majority_class", "nearest_neighbour"}
    majority = result["baselines"]["majority_class"]["diagnosis"]["balanced_accuracy"]["value"]
    assert majority == pytest.approx(1 / 8)
    assert result["averaged"].keys() == result["unchanged"].keys()


@pytest.mark.parametrize("answer", ["plain", "averaged"])
def test_verdicts_are_counted_with_what_their_sets_hold(bundle, answer):
    found = bundle.metrics["held_out"]["verdicts"][answer]
    assert found["promised"] == 0.9
    assert found["coverage"].keys() == {"benign", "malignant", *DIAGNOSIS_CODES}
    assert 1 <= found["set_size"]["value"] <= 8
    assert found["coverage"]["malignant"]["value"] > 0.6
    for kind in ("benign", "malignant"):
        assert sum(rate[kind]["value"] for rate in found["rates"].values()) == pytest.approx(1)


def test_predictions_name_every_diagnosis_and_sum_to_1(bundle, folder):
    with (folder / "report/predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    probabilities = np.array([[float(row[code]) for code in DIAGNOSIS_CODES] for row in rows])
    assert probabilities.shape == (32, 8)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    right = [DIAGNOSIS_CODES[row.argmax()] for row in probabilities]
    expected = np.mean([label == r["label"] for label, r in zip(right, rows, strict=True)])
    measured = bundle.metrics["held_out"]["diagnosis"]["accuracy"]["value"]
    assert measured == pytest.approx(expected)


@pytest.mark.parametrize("name", ["roc", "precision-recall", "confusion", "reliability"])
def test_figures_are_drawn_and_kept_with_the_bundle(bundle, folder, name):
    drawn = (folder / f"report/{name}.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert (bundle.report_directory / f"held-out-{name}.png").read_bytes() == drawn


def test_the_card_is_written_with_every_measured_figure(bundle, folder):
    command("card", "--bundle", bundle.directory, "--output", folder / "model-card.md")
    text = (folder / "model-card.md").read_text()
    result = bundle.metrics["held_out"]
    for part, metric in (("model", "auroc"), ("diagnosis", "balanced_accuracy"), ("model", "ece")):
        score = result[part][metric]
        assert f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})" in text
    for address in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text):
        assert (folder / address).is_file()
    assert text.count("![") == 4
    assert bundle.sha256 in text
