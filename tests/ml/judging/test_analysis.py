"""A picture is rejected before the network, is rejected by it, or is judged and explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ml.judging import analysis, limits
from ml.judging.analysis import AnalysisSettings, analyse
from ml.judging.predictor import Predictor
from ml.judging.quality import Problem
from tests.lesions import render

GOOD = [render(seed, (320, 240)) for seed in range(3)]
BLACK = Image.new("RGB", (320, 240))


@pytest.fixture
def predictor(seven_bundle):
    return Predictor.load(seven_bundle)


@pytest.fixture
def screening(seven_bundle):
    """Return a function that makes a predictor which knows pictures like the good ones.

    It knows them up to a threshold.
    """

    def load(threshold: float) -> Predictor:
        features = Predictor.load(seven_bundle).examine(analysis_pixels()).features
        arrays = {
            "novelty/mean": features.mean(0),
            "novelty/components": np.eye(features.shape[1]) / 10,
        }
        novelty = {"method": "mahalanobis", "threshold": threshold}
        written = limits.write(seven_bundle, arrays, limits.OF_SCREENING)
        return Predictor.load(replace(written, novelty=novelty))

    return load


def analysis_pixels(images=GOOD):
    from ml.judging.preprocessing import to_pixels
    from tests.ml import tiny

    return np.stack([to_pixels(image, tiny.SIZE) for image in images])


@pytest.fixture
def promising(seven_bundle):
    """Return a function that makes a predictor whose calibration scores are all the same."""

    def load(lowest: float) -> Predictor:
        scores = {
            f"{answer}/{group}": np.full(200, lowest)
            for answer in (limits.PLAIN, limits.AVERAGED)
            for group in ("benign", "malignant")
        }
        return Predictor.load(limits.write(seven_bundle, scores, limits.OF_CALIBRATION))

    return load


def test_a_good_picture_gets_the_diagnosis_that_the_network_gives(predictor):
    found = analyse(predictor, GOOD)
    expected = predictor.probabilities(analysis_pixels())
    malignant = predictor.malignant(expected)
    for one, probabilities, sum_ in zip(found, expected, malignant, strict=True):
        assert one.rejection is None
        given = list(one.judgement.probabilities.values())
        assert given == pytest.approx(probabilities, abs=1e-6)
        assert one.judgement.verdict == ("malignant" if sum_ >= 0.5 else "benign")
        assert one.judgement.possible == ()  # this bundle promises nothing
        assert one.judgement.spread is None
        assert one.abcd.diameter > 0
        assert one.heat_map.size == (256, 192)


def test_a_bad_picture_is_rejected_before_the_network_sees_it(predictor, monkeypatch):
    monkeypatch.setattr(predictor, "examine", None)
    (found,) = analyse(predictor, [BLACK])
    assert found.rejection.problem is Problem.TOO_DARK
    assert found.rejection.values == {}
    assert "brightest=0.0" in found.rejection.detail
    assert (found.judgement, found.heat_map, found.abcd) == (None, None, None)


def test_pictures_stay_in_order_among_rejected_ones(predictor, monkeypatch):
    monkeypatch.setattr(analysis, "BATCH_SIZE", 2)
    found = analyse(predictor, [GOOD[0], BLACK, GOOD[1], BLACK, BLACK, GOOD[2]])
    assert [one.rejection is None for one in found] == [True, False, True, False, False, True]
    expected = predictor.malignant(predictor.probabilities(analysis_pixels()))
    given = [one.judgement.malignant_probability for one in found if one.judgement]
    assert given == pytest.approx(expected, abs=1e-6)


def test_no_picture_gives_no_analysis(predictor):
    assert analyse(predictor, []) == []


def test_pictures_that_the_network_does_not_know_are_rejected(screening):
    accepted = analyse(screening(1e6), GOOD)
    assert all(one.rejection is None for one in accepted)
    for one in analyse(screening(0.0), GOOD):
        assert one.rejection.problem is Problem.NOT_DERMOSCOPY
        assert "accepted 0.00" in one.rejection.detail
        assert one.judgement is None


def test_strangeness_that_is_no_number_is_no_reason_to_trust_a_picture(screening, monkeypatch):
    predictor = screening(1e6)
    monkeypatch.setattr(predictor, "strangeness", lambda seen: np.full(len(seen.logits), np.nan))
    assert all(one.rejection for one in analyse(predictor, GOOD))


@pytest.mark.parametrize("picture", [BLACK, Image.new("RGB", (1, 1), "white"), GOOD[0]])
def test_who_overrules_gets_an_answer_for_every_picture(screening, picture):
    (found,) = analyse(screening(0.0), [picture], screened=False)
    assert found.rejection is None
    assert sum(found.judgement.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
def test_every_mode_of_a_picture_is_analysed(predictor, mode):
    (found,) = analyse(predictor, [GOOD[0].convert(mode)], screened=False)
    assert found.judgement


def test_a_low_bar_puts_every_diagnosis_into_the_set_and_makes_it_uncertain(promising):
    (found,) = analyse(promising(0.0), GOOD[:1])
    assert len(found.judgement.possible) == 7
    assert found.judgement.verdict == "uncertain"
    assert found.judgement.confidence >= 0.5


def test_a_high_bar_leaves_the_likeliest_diagnosis(promising):
    (found,) = analyse(promising(1.0), GOOD[:1])
    probabilities = found.judgement.probabilities
    assert found.judgement.possible == (max(probabilities, key=probabilities.get),)


def test_the_mean_over_the_symmetries_is_the_same_for_each_of_them(promising):
    predictor = promising(0.5)
    views = [GOOD[0].crop((40, 0, 280, 240))]
    views += [views[0].transpose(turn) for turn in Image.Transpose]
    found = analyse(predictor, views, AnalysisSettings(symmetries=True), screened=False)
    answers = [list(one.judgement.probabilities.values()) for one in found]
    # Resampling alone makes the answers differ.
    assert np.allclose(answers, answers[0], atol=0.02)
    upright = predictor.probabilities(analysis_pixels(views))
    assert np.ptp(upright, axis=0).max() > 2 * np.ptp(answers, axis=0).max()
    for one in found:
        low, high = one.judgement.spread
        assert low <= one.judgement.malignant_probability <= high
        assert low < high


@pytest.mark.parametrize("method", ["nearest_neighbours", "energy", "outlier_exposure"])
def test_every_way_to_tell_strange_pictures_can_be_served(seven_bundle, method):
    width = Predictor.load(seven_bundle).examine(analysis_pixels()).features.shape[1]
    arrays = {
        "nearest_neighbours": {
            "mean": np.zeros(width),
            "components": np.eye(width)[:, :3],
            "references": np.zeros((9, 3)),
        },
        "energy": {},
        "outlier_exposure": {
            "mean": np.zeros(width),
            "direction": np.ones(width),
            "offset": np.zeros(1),
        },
    }[method]
    named = {f"novelty/{name}": array for name, array in arrays.items()}
    for threshold, rejected in ((-1e6, True), (1e6, False)):
        bundle = replace(
            limits.write(seven_bundle, named, limits.OF_SCREENING),
            novelty={"method": method, "threshold": threshold},
        )
        found = analyse(Predictor.load(bundle), GOOD)
        assert [bool(one.rejection) for one in found] == [rejected] * 3


def in_a_frame(picture: Image.Image) -> Image.Image:
    framed = Image.new("RGB", (500, 400), "white")
    framed.paste(picture, (130, 40))
    return framed


def test_a_frame_changes_nothing_but_where_things_lie(predictor):
    bare = analyse(predictor, GOOD)
    found = analyse(predictor, [in_a_frame(picture) for picture in GOOD])
    for one, framed in zip(bare, found, strict=True):
        assert one.frame is None
        assert framed.frame == (130, 40, 450, 280)
        assert framed.judgement.probabilities == pytest.approx(one.judgement.probabilities)
        assert framed.abcd == one.abcd
        assert framed.heat_inside == one.heat_inside
        assert framed.heat_map.size == (256, 205)
        # The centre square of the content is 240 pixels high and lies at 170, 40.
        hot = np.asarray(framed.heat_map.convert("RGBA"))[..., 3] > 0
        y, x = np.argwhere(hot).T * 500 / 256
        assert 168 <= x.min() <= x.max() <= 412
        assert 38 <= y.min() <= y.max() <= 282


def test_what_was_cut_off_is_told_of_a_rejected_picture_too(predictor):
    blurred = GOOD[0].filter(ImageFilter.GaussianBlur(9))
    (found,) = analyse(predictor, [in_a_frame(blurred)])
    assert found.rejection.problem == Problem.BLURRED
    assert found.frame == pytest.approx((130, 40, 450, 280), abs=2)


def test_the_size_that_counts_is_that_without_the_frame(predictor):
    framed = Image.new("RGB", (300, 300), "black")
    framed.paste(render(4, (90, 90)), (100, 100))
    (found,) = analyse(predictor, [framed])
    assert found.rejection.problem == Problem.TOO_SMALL
    assert found.rejection.values == {"smallest_side": 100}
