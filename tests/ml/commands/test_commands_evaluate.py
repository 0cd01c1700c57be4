"""``python -m ml evaluate`` measures a bundle on pictures that it has not seen."""

from __future__ import annotations

import csv
import json
from functools import partial

import numpy as np
import pytest

from ml.packaging.bundle import Bundle
from tests.ml.commands.conftest import command

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def evaluate(exported, test_folder, pairs, training_folder, run, tmp_path):
    options = ["evaluate", "--bundle", exported, "--data", test_folder, "--output", tmp_path]
    return partial(command, *options)


def test_an_evaluation_writes_metrics_and_predictions(
    evaluate, exported, pairs, training_folder, run, tmp_path, capsys
):
    more = ["--near-duplicates", pairs, "--training-data", training_folder, "--compare-run", run]
    evaluate(*more, "--title", "Generated lesions")
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
        evaluate("--record")
        recorded = Bundle.read(exported)
    finally:
        before.write()
    results = json.loads((tmp_path / "metrics.json").read_text())["results"]
    assert recorded.metrics == before.metrics | results
    assert list(results) == ["official_split"]


def test_mistakes_in_evaluation_get_a_sentence(
    refused, exported, run, training_folder, test_folder, tmp_path
):
    def refuse(bundle, data, *more):
        return refused("evaluate", "--bundle", bundle, "--data", data, "--output", tmp_path, *more)

    assert "no model called 'nothing'" in refuse("nothing", test_folder)
    assert "no model bundle" in refuse(tmp_path, test_folder)
    assert "no picture" in refuse(exported, tmp_path)
    assert "--near-duplicates" in refuse(exported, test_folder, "--training-data", test_folder)
    broken = tmp_path / "data/benign/broken.png"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no picture")
    assert "broken.png" in refuse(exported, tmp_path / "data")
