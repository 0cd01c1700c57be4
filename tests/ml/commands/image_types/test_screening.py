"""The command line measures, screens and audits a network that tells image types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from ml import architectures, card
from ml.commands import audit, screen
from ml.judging import limits
from ml.judging.predictor import Predictor
from ml.measuring import screening
from ml.measuring.image_type_controls import CONTROLS
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES
from tests.ml import tiny
from tests.ml.commands.conftest import command


@pytest.fixture(scope="module")
def measured(bundle, data, folder) -> Path:
    """Return where an evaluated copy of the bundle lies; other tests look at the bundle itself."""
    directory = shutil.copytree(bundle.directory, folder / "measured")
    options = ["--data", data, "--set", "held_out", "--output", folder / "report", "--record"]
    command("evaluate", "--bundle", directory, *options)
    return directory


@pytest.fixture(scope="module")
def evaluated(measured) -> dict:
    return Bundle.read(measured).metrics["held_out"]


def test_an_evaluation_says_what_is_judged_and_what_is_called_what(evaluated):
    screened = evaluated["screened"]
    assert 0 < screened["judged"]["all"]["value"] < 1
    assert screened["problems"]
    assert screened["called"].keys() == {"collection", "collection/clinical", "things/other"}
    assert screened["scores"].keys() >= {"auroc", "melanoma_auroc"}


def test_an_evaluation_scores_each_kind_of_picture_and_recorded_skin_tone_apart(evaluated):
    by_type = evaluated["subgroups"]["image_type"]
    assert by_type.keys() == set(IMAGE_TYPES)
    # Each lesion has two views, and so few lesions are not scored.
    assert by_type["clinical"]["lesions"] == 8
    assert "auroc" not in by_type["clinical"]
    assert evaluated["subgroups"]["skin_tone_class"].keys() == {"1", "2", "3", "not known"}


def test_verdicts_hold_the_sets_of_each_kind(evaluated):
    for found in evaluated["verdicts"].values():
        assert found["promised"] == 0.9
        # The bundle was calibrated on the same pictures.
        assert found["coverage"]["malignant"]["value"] >= 0.85


@pytest.fixture(scope="module")
def screened(measured, data, folder) -> Bundle:
    """Return the bundle after it was screened, and audited with the controls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "GENERATED", 4)
        patch.setattr(audit, "GENERATED", 2)
        patch.setattr(audit, "DEGRADED", 12)
        options = ["--training-data", data, "--data", data, "--accept", 0.95]
        options += ["--exposed", folder / "others", "--strange", folder / "others"]
        command("screen", "--bundle", measured, *options)
        options = ["--data", data, "--strange", folder / "others", "--controls", "--record"]
        options += ["--output", folder / "audit.json"]
        command("audit", "--bundle", measured, *options)
    return Bundle.read(measured)


def test_screening_compares_the_second_output_alone_and_beside_each_other_way(screened):
    first, *others = screened.novelty["compared"]
    assert first["method"] == "image_type"
    assert "both_rejected" not in first
    for way in others:
        assert way["both_rejected"] >= max(way["rejected"], first["rejected"])
        assert way["both_accepted"] <= min(way["accepted"], first["accepted"])
    gains = {
        way["method"]: (way["both_rejected"] - first["rejected"])
        - (first["accepted"] - way["both_accepted"])
        for way in others
        if way["layers"] != "last"
    }
    best = max(gains, key=gains.get)
    assert screened.novelty["method"] == (best if gains[best] > 0 else None)
    # Pictures of other things are not among the real ones.
    assert screened.novelty["real"] == 64


def test_screening_runs_the_network_once_on_every_picture(screened, folder, tmp_path, monkeypatch):
    shutil.copytree(screened.directory, tmp_path, dirs_exist_ok=True)
    seen = []

    def counting(*arguments, **options):
        """Return a network that notes how many pictures its first layer gets."""
        network = tiny.build(*arguments, **options)
        layer = network.get_layer("rescale")
        rescale = layer.call

        def call(pixels):
            tf.py_function(lambda batch: seen.append(len(batch)), [pixels], [])
            return rescale(pixels)

        layer.call = call
        return network

    load = Predictor.load

    def load_and_count(*arguments):
        monkeypatch.setattr(architectures, "build", counting)
        predictor = load(*arguments)
        seen.clear()
        return predictor

    monkeypatch.setattr(Predictor, "load", load_and_count)
    monkeypatch.setattr(screen, "GENERATED", 1)
    monkeypatch.setattr(screening, "best_in_addition", lambda alone, served: None)
    real, others = folder / DERMOSCOPIC / "manifest.csv", folder / "others"
    options = ["--training-data", real, "--data", real, "--exposed", others, "--strange", others]
    command("screen", "--bundle", tmp_path, *options)
    again = Bundle.read(tmp_path)
    assert sum(seen) == 2 * 32 + again.novelty["exposed"] + again.novelty["strange"]
    # Nothing stays of what an earlier screening chose.
    assert again.novelty["method"] is None
    assert limits.novelty_arrays(limits.read(again)) == {}


def test_the_audit_counts_what_is_called_what_and_asks_by_what(screened):
    found = screened.metrics["screening"]
    assert {name: one["pictures"] for name, one in found["called"].items()} == {
        "collection": 12,
        "collection/clinical": 12,
        "things/other": 12,
    }
    controls = found["controls"]
    assert 0 <= controls["network"] <= 1
    assert controls["size, sharpness and surround"].keys() == {"auroc", "balanced_accuracy"}
    assert controls["changed"].keys() == CONTROLS.keys()
    for changed in controls["changed"].values():
        assert changed["called"].keys() == found["called"].keys()


def test_all_of_it_stands_in_the_card(screened):
    text = card.render(screened)
    kinds = text.split("## Kinds of picture")[1].split("\n## ")[0]
    regression = screened.metrics["screening"]["controls"]["size, sharpness and surround"]
    assert f"{regression['balanced_accuracy']:.3f}" in kinds
    for name in CONTROLS:
        assert name in kinds
    refused = text.split("## Pictures it refuses")[1].split("\n## ")[0]
    assert "rejected by either" in refused
    assert "second output" in refused


def test_controls_without_both_kinds_are_refused(screened, folder, refused):
    options = ["--data", folder / CLINICAL / "manifest.csv", "--strange", folder / "others"]
    options += ["--output", folder / "none.json", "--controls"]
    sentence = refused("audit", "--bundle", screened.directory, *options)
    assert "give data of both" in sentence
