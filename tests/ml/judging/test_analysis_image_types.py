"""Pictures of each kind are judged by their own standard, or rejected by what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.judging import limits
from ml.judging.analysis import AnalysisSettings, analyse
from ml.judging.predictor import Predictor
from ml.judging.quality import Problem
from ml.taxonomy import BINARY_CLASSES, CLINICAL, DERMOSCOPIC, OTHER
from tests.lesions import render

PICTURES = [render(seed, (320, 240)) for seed in range(4)]
#: By these, the pictures are dermoscopic, clinical, between both, and other.
PROBABILITIES = np.array(
    [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0], [0.5, 0.5, 0.0], [0.1, 0.0, 0.9]], np.float32
)
THRESHOLDS = {"dermoscopic": 0.8, "clinical": 0.2, "other": 0.5}
ONLY_DERMOSCOPY = AnalysisSettings(clinical_pictures=False)


@pytest.fixture
def bundle(telling_bundle):
    clinical = {
        "calibration": {"temperature": 4.0, "bias": [0.5] + [0.0] * 7},
        "threshold": 0.0,
        "operating_point": {},
    }
    return replace(
        telling_bundle, clinical=clinical, threshold=1.0, image_type_thresholds=THRESHOLDS
    )


@pytest.fixture
def load(monkeypatch):
    """Return a function that loads a network which says of what kinds the pictures are."""

    def loaded(bundle) -> Predictor:
        predictor = Predictor.load(bundle)
        examine = predictor.examine
        monkeypatch.setattr(
            predictor, "examine", lambda pixels: examine(pixels)._replace(image_types=PROBABILITIES)
        )
        return predictor

    return loaded


def test_each_picture_says_what_kind_it_is_and_by_whose_standard_it_is_judged(load, bundle):
    found = analyse(load(bundle), PICTURES)
    assert [(one.image_type, one.judged_as) for one in found] == [
        (DERMOSCOPIC, DERMOSCOPIC),
        (CLINICAL, CLINICAL),
        (None, CLINICAL),
        (OTHER, DERMOSCOPIC),
    ]
    assert [one.rejection and one.rejection.problem for one in found] == [
        None,
        None,
        None,
        Problem.NOT_DERMOSCOPY,
    ]
    assert found[3].rejection.values == {}
    assert found[3].rejection.detail == "dermoscopic 0.100, clinical 0.000, other 0.900"


def test_probabilities_and_thresholds_are_those_of_the_kind(load, bundle):
    predictor = load(bundle)
    found = analyse(predictor, PICTURES)
    by_other = replace(bundle, calibration=bundle.clinical["calibration"], clinical={})
    expected = analyse(load(by_other), PICTURES)
    plain = analyse(load(replace(bundle, clinical={})), PICTURES)
    for index, same in enumerate((plain, expected, expected)):
        given = list(found[index].judgement.probabilities.values())
        wanted = list(same[index].judgement.probabilities.values())
        assert given == pytest.approx(wanted, abs=1e-6)
    # The threshold of dermoscopic pictures is 1, and that of clinical ones 0.
    assert [one.judgement.verdict for one in found[:3]] == ["benign", "malignant", "malignant"]
    assert not np.allclose(
        list(plain[1].judgement.probabilities.values()),
        list(expected[1].judgement.probabilities.values()),
    )


@pytest.mark.parametrize("symmetries", [False, True])
def test_sets_of_diagnoses_are_those_of_the_kind(load, bundle, symmetries):
    lowest = {DERMOSCOPIC: 0.0, CLINICAL: 1.0}
    scores = {
        limits.conformal_name(answer, group, kind): np.full(200, value)
        for answer in (limits.PLAIN, limits.AVERAGED)
        for group in BINARY_CLASSES
        for kind, value in lowest.items()
    }
    predictor = load(limits.write(bundle, scores, limits.OF_CALIBRATION))
    found = analyse(predictor, PICTURES, AnalysisSettings(symmetries=symmetries))
    assert [len(one.judgement.possible) for one in found[:3]] == [8, 1, 1]
    assert found[0].judgement.verdict == "uncertain"
    assert [one.coverage for one in found] == [0.9, 0.9, 0.9, None]


def test_sets_that_were_calibrated_on_dermoscopic_pictures_promise_nothing_about_others(
    load, bundle
):
    scores = {
        limits.conformal_name(limits.PLAIN, group): np.full(200, 0.5) for group in BINARY_CLASSES
    }
    found = analyse(load(limits.write(bundle, scores, limits.OF_CALIBRATION)), PICTURES)
    assert [one.coverage for one in found[:3]] == [0.9, None, None]
    assert found[1].judgement.possible == ()


def test_a_site_may_judge_dermoscopic_pictures_alone(load, bundle):
    found = analyse(load(bundle), PICTURES, ONLY_DERMOSCOPY)
    assert [one.rejection and one.rejection.problem for one in found] == [
        None,
        Problem.CLINICAL_PICTURE,
        Problem.CLINICAL_PICTURE,
        Problem.NOT_DERMOSCOPY,
    ]
    assert found[1].rejection.values == {}
    assert [one.image_type for one in found] == [DERMOSCOPIC, CLINICAL, None, OTHER]


def test_who_overrules_gets_an_answer_by_the_likelier_standard(load, bundle):
    found = analyse(load(bundle), PICTURES, ONLY_DERMOSCOPY, screened=False)
    assert all(one.judgement for one in found)
    assert (found[3].image_type, found[3].judged_as) == (OTHER, DERMOSCOPIC)


@pytest.mark.parametrize("threshold", [-1e6, 1e6])
def test_a_picture_may_be_strange_to_a_network_that_tells_kinds_too(load, bundle, threshold):
    strict = replace(bundle, novelty={"method": "energy", "threshold": threshold})
    found = analyse(load(strict), PICTURES, ONLY_DERMOSCOPY)
    problems = [one.rejection and one.rejection.problem for one in found]
    if threshold < 0:
        assert problems == [Problem.NOT_DERMOSCOPY] * 4
        assert [one.rejection.values for one in found[:2]] == [{}, {}]
        assert "strangeness" in found[1].rejection.detail
    else:
        assert problems[1] is Problem.CLINICAL_PICTURE


def test_a_network_that_cannot_tell_judges_photographs_as_before(eight_bundle):
    strict = replace(eight_bundle, novelty={"method": "energy", "threshold": -1e6})
    for settings in (AnalysisSettings(), ONLY_DERMOSCOPY):
        for one in analyse(Predictor.load(eight_bundle), PICTURES, settings):
            assert (one.rejection, one.image_type, one.judged_as) == (None, None, DERMOSCOPIC)
        for one in analyse(Predictor.load(strict), PICTURES, settings):
            assert one.rejection.values == {"dermoscopy_alone": True}
