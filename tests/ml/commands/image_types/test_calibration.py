"""The command line calibrates a network for each kind of picture that it tells."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.manifest import Sample, read_samples, write_manifest
from ml.judging import limits
from ml.judging.predictor import Predictor
from ml.measuring import mix
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES, OTHER
from ml.training.expected import PICTURES
from tests.ml import tiny
from tests.ml.commands.conftest import command


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
