"""Labelled pictures get what a worker answers, and are counted where it rejects them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.data.manifest import read_samples
from ml.judging.analysis import analyse
from ml.judging.predictor import Predictor
from ml.measuring import evaluation, served
from ml.measuring.answers import describe
from ml.measuring.perturbations import mask_corners
from ml.measuring.served import serve
from tests.lesions import render
from tests.ml.conftest import write_diagnoses


@pytest.fixture
def samples(tmp_path):
    """Return eight pictures that are fit to be judged, except for one that is too small."""
    found = read_samples(write_diagnoses(tmp_path / "set", 4, ["mel", "nv"], size=(320, 240)))
    render(3, (40, 30)).save(found[2].path)
    return found


@pytest.fixture
def bundle(telling_bundle):
    clinical = {
        "calibration": {"temperature": 2.0, "bias": [0.0] * 8},
        "threshold": 0.25,
        "operating_point": {"threshold": 0.125},
    }
    return replace(
        telling_bundle,
        clinical=clinical,
        operating_point={"threshold": 0.375},
        image_type_thresholds={"dermoscopic": 0.5, "clinical": 0.1, "other": 0.9},
    )


def images(samples):
    from ml.data.dataset import read_sample

    return [read_sample(sample) for sample in samples]


def test_every_picture_gets_what_a_worker_says_of_it(bundle, samples, monkeypatch):
    monkeypatch.setattr(served, "BATCH_SIZE", 3)
    predictor = Predictor.load(bundle)
    found = serve(predictor, samples, "serving")
    expected = analyse(predictor, images(samples))
    overruled = analyse(predictor, images(samples), screened=False)
    assert found.problems.tolist() == [
        one.rejection.problem if one.rejection else "" for one in expected
    ]
    assert found.problems[2] == "too_small"
    assert found.judged.sum() == 7
    assert found.image_types.tolist() == [one.image_type or "" for one in overruled]
    assert found.judged_as.tolist() == [one.judged_as for one in overruled]
    assert found.answers.probabilities == pytest.approx(
        np.array([list(one.judgement.probabilities.values()) for one in overruled]), abs=1e-6
    )
    assert found.verdicts.called.tolist() == [one.judgement.verdict for one in overruled]
    assert not found.verdicts.sets.any()  # this bundle promises nothing


def test_thresholds_are_those_of_the_kind_that_each_is_judged_as(bundle, samples):
    predictor = Predictor.load(bundle)
    found = serve(predictor, samples, "serving")
    both = {"dermoscopic": (0.5, 0.375), "clinical": (0.25, 0.125)}
    expected = np.array([both[name] for name in found.judged_as])
    assert found.answers.threshold.tolist() == expected[:, 0].tolist()
    assert found.at_operating_point(predictor).threshold.tolist() == expected[:, 1].tolist()


def test_changed_pictures_and_symmetries_give_other_answers(bundle, samples):
    predictor = Predictor.load(bundle)
    plain, masked, averaged = (
        serve(predictor, samples, "serving", screened=False, **options).answers.probabilities
        for options in ({}, {"change": mask_corners}, {"symmetries": True})
    )
    assert not np.allclose(plain, masked, atol=1e-4)
    assert not np.allclose(plain, averaged, atol=1e-4)


def test_what_is_rejected_is_counted_beside_the_scores_of_what_is_judged(
    bundle, samples, monkeypatch
):
    monkeypatch.setattr(evaluation, "RESAMPLES", 20)
    found = serve(Predictor.load(bundle), samples, "serving")
    counted = evaluation.screened(describe(samples, [], None), found)
    assert counted["judged"]["all"]["value"] == pytest.approx(7 / 8)
    assert counted["judged"]["malignant"]["value"] == pytest.approx(3 / 4)
    assert counted["judged"]["benign"]["value"] == 1
    assert counted["problems"] == {"too_small": 1}
    assert counted["called"]["collection"]["pictures"] == 8
    right = (found.answers.malignant >= found.answers.threshold) == [
        sample.label == "mel" for sample in samples
    ]
    assert counted["scores"]["accuracy"]["value"] == pytest.approx(right[found.judged].mean())
