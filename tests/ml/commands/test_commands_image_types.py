"""The command line calibrates, measures and describes a network that tells image types."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ml import architectures, card
from ml.commands import audit, screen
from ml.data.manifest import Sample, read_samples, write_manifest
from ml.judging import limits
from ml.judging.predictor import Predictor
from ml.measuring import evaluation, mix, reliability, screening
from ml.measuring.image_type_controls import CONTROLS
from ml.measuring.oddities import oddities
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, DIAGNOSIS_CODES, IMAGE_TYPES, OTHER
from ml.training.expected import PICTURES
from tests.ml import tiny
from tests.ml.commands.conftest import command
from tests.ml.conftest import export, write_diagnoses

SIZE = (320, 240)


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        patch.setattr(reliability, "RESAMPLES", 20)
        patch.setattr(reliability, "ENOUGH", 10)
        patch.setattr(evaluation, "RESAMPLES", 20)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("image-types")


@pytest.fixture(scope="module")
def data(folder) -> Path:
    """Return dermoscopic and clinical pictures of one collection, and pictures of other things."""
    samples = []
    for number, image_type in enumerate((DERMOSCOPIC, CLINICAL)):
        directory = folder / image_type
        options = {"seed": 50 + number, "size": SIZE, "image_type": image_type}
        samples += read_samples(write_diagnoses(directory, 4, DIAGNOSIS_CODES, **options))
    others = folder / "others"
    others.mkdir()
    details = {"source": "things", "image_type": "other"}
    for name, images in oddities(3, seed=7).items():
        for index, image in enumerate(images):
            path = others / f"{name}-{index}.png"
            image.save(path)
            samples.append(Sample(path, "unknown", details=details))
    write_manifest(folder / "data.csv", samples)
    return folder / "data.csv"


@pytest.fixture(scope="module")
def bundle(folder, data) -> Bundle:
    directory = folder / "bundle"
    directory.mkdir()
    export(directory, "efficientnet_lite0", DIAGNOSIS_CODES, IMAGE_TYPES)
    command("expect", "--bundle", directory)
    options = ["--data", data, "--malignant-share", 0.2, "--bias", "classes"]
    command("calibrate", "--bundle", directory, *options)
    return Bundle.read(directory)


def test_each_kind_of_picture_has_a_standard_of_its_own(bundle):
    assert bundle.clinical["calibration"] != bundle.calibration
    assert bundle.clinical["threshold"] == bundle.threshold
    assert bundle.operating_point["pictures"] == 32
    assert bundle.clinical["operating_point"]["pictures"] == 32
    arrays = limits.read(bundle)
    for image_type in (DERMOSCOPIC, CLINICAL):
        for answer in (limits.PLAIN, limits.AVERAGED):
            scores = limits.conformal_scores(arrays, answer, image_type)
            assert {group: len(found) for group, found in scores.items()} == {
                "benign": 4 * 4,
                "malignant": 4 * 4,
            }


def test_the_stated_mix_is_what_the_probabilities_stand_for(bundle, data):
    predictor = Predictor.load(bundle)
    for image_type in (DERMOSCOPIC, CLINICAL):
        chosen = [s for s in read_samples(data) if s.image_type == image_type]
        said = _said(predictor, chosen, image_type)
        malignant = np.array([sample.target for sample in chosen])
        # A fitted bias makes the mean probability that of the weighted pictures.
        weights = np.where(malignant == 1, 0.2 / malignant.sum(), 0.8 / (1 - malignant).sum())
        assert (said * weights).sum() == pytest.approx(0.2, abs=0.02)


def test_each_kind_has_the_stated_mix_whatever_the_others_hold(bundle, data, tmp_path):
    shutil.copytree(bundle.directory, tmp_path / "bundle")
    samples = [sample for sample in read_samples(data) if sample.image_type != OTHER]
    harmless = [s for s in samples if s.image_type == DERMOSCOPIC and s.target == 0]
    # A collection of naevi alone leaves the dermoscopic pictures short of malignant ones.
    naevi = {
        sample.path: replace(sample, details=sample.details | {"source": "naevi"})
        for sample in harmless[4:]
    }
    manifest = tmp_path / "data.csv"
    write_manifest(manifest, [naevi.get(sample.path, sample) for sample in samples])
    options = ["--data", manifest, "--malignant-share", 0.2, "--bias", "classes"]
    command("calibrate", "--bundle", tmp_path / "bundle", *options)
    predictor = Predictor.load(Bundle.read(tmp_path / "bundle"))
    for image_type in (DERMOSCOPIC, CLINICAL):
        chosen = [s for s in read_samples(manifest) if s.image_type == image_type]
        listed = np.empty(len(chosen), object)
        listed[:] = chosen
        weights = mix.weigh(listed, {}, 0.2)
        said = _said(predictor, chosen, image_type)
        assert np.average(said, weights=weights) == pytest.approx(0.2, abs=0.02)


def _said(predictor: Predictor, samples: list[Sample], image_type: str) -> np.ndarray:
    """Return the malignant probability of each picture by the standard of one kind."""
    pixels = np.stack([_pixels(sample.path) for sample in samples])
    logits = predictor.logits(pixels)
    return predictor.malignant(predictor.calibrated(logits, [image_type] * len(samples)))


def _pixels(path: Path) -> np.ndarray:
    from ml.judging.preprocessing import to_pixels

    with Image.open(path) as image:
        return to_pixels(image, tiny.SIZE)


def test_how_pictures_of_each_source_are_called_is_kept(bundle):
    thresholds = bundle.image_type_thresholds
    assert thresholds["clinical"] <= thresholds["dermoscopic"]
    assert thresholds["accepted"] == 0.98
    assert {name: found["pictures"] for name, found in thresholds["called"].items()} == {
        "collection": 32,
        "collection/clinical": 32,
        "things/other": 12,
    }


def test_reliability_is_recorded_by_source(bundle):
    found = bundle.metrics["reliability"]
    assert found["malignant_share"] == 0.2
    assert found["domains"].keys() == {"collection", "collection/clinical"}
    for scores in found["domains"].values():
        assert scores["malignant"] == 0.5
        assert 0 <= scores["ece_of_mix"]["value"] <= 1


def test_expected_answers_follow_the_calibration_and_say_the_kind(bundle):
    kept = json.loads(bundle.expected_path.read_text())["pictures"]
    predictor = Predictor.load(bundle)
    for name, answer in kept.items():
        pixels = _pixels(PICTURES / name)[None]
        expected = dict(zip(IMAGE_TYPES, predictor.outputs(pixels).image_types[0], strict=True))
        assert answer["image_types"] == pytest.approx(expected, abs=1e-3)
        assert [answer["judged_as"]] == predictor.judge_as(predictor.outputs(pixels).image_types)
        (probabilities,) = predictor.probabilities(pixels)
        assert list(answer["probabilities"].values()) == pytest.approx(probabilities, abs=1e-3)


def test_calibrating_on_named_sources_leaves_the_others_out(bundle, data, tmp_path):
    shutil.copytree(bundle.directory, tmp_path, dirs_exist_ok=True)
    command("calibrate", "--bundle", tmp_path, "--data", data, "--source", "collection=2")
    again = Bundle.read(tmp_path)
    assert again.clinical == {}
    assert limits.conformal_scores(limits.read(again), limits.PLAIN, CLINICAL) == {}
    assert again.metrics["reliability"]["domains"].keys() == {"collection"}
    assert again.image_type_thresholds["called"] == bundle.image_type_thresholds["called"]


def test_a_source_that_is_not_there_is_refused(bundle, data, refused):
    options = ["--bundle", bundle.directory, "--data", data, "--source", "elsewhere"]
    assert "no picture of elsewhere" in refused("calibrate", *options)


def test_expectations_of_before_logits_were_kept_are_computed_anew(bundle, data, tmp_path):
    shutil.copytree(bundle.directory, tmp_path, dirs_exist_ok=True)
    kept = json.loads((tmp_path / "expected.json").read_text())
    for answer in kept["pictures"].values():
        del answer["logits"]
    (tmp_path / "expected.json").write_text(json.dumps(kept))
    command("calibrate", "--bundle", tmp_path, "--data", data, "--source", "collection")
    written = json.loads((tmp_path / "expected.json").read_text())["pictures"]
    calibration = Bundle.read(tmp_path).calibration
    for answer in written.values():
        logits = np.array(answer["logits"]) / calibration["temperature"]
        expected = np.exp(logits) / np.exp(logits).sum()
        assert list(answer["probabilities"].values()) == pytest.approx(expected)


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
