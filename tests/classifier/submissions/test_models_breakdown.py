"""A person can add up the percentages of a result."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.models import ModelVersion, Prediction

CLASSES = ["nevus", "melanoma", "basal cell carcinoma", "keratosis", "vascular", "scar", "other"]
MALIGNANT = ["melanoma", "basal cell carcinoma"]


def prediction(probabilities: dict[str, float], verdict: str = "malignant") -> Prediction:
    malignant = [name for name in probabilities if name in (*MALIGNANT, "malignant")]
    share = sum(probabilities[name] for name in malignant)
    return Prediction(
        model_version=ModelVersion(classes=list(probabilities), malignant_classes=malignant),
        probabilities=probabilities,
        malignant_probability=share,
        verdict=verdict,
        confidence=share if verdict == "malignant" else 1 - share,
    )


def total(shares) -> Decimal:
    return sum((Decimal(str(share.percent)) for share in shares), Decimal(0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=len(CLASSES)).filter(any))
@example([1, 1, 1])
@example([1, 1, 1, 1, 1, 1, 1])
def test_the_differential_sums_to_100_whatever_the_probabilities(weights):
    probabilities = {
        name: weight / sum(weights) for name, weight in zip(CLASSES, weights, strict=False)
    }
    shown = prediction(probabilities)
    assert total(shown.differential) == total(shown.breakdown) == 100
    for share in shown.differential:
        assert Decimal(str(share.percent)).as_tuple().exponent >= -1  # it has one decimal at most
        assert abs(share.percent - 100 * probabilities[share.name]) < 0.1
        assert share.is_malignant == (share.name in MALIGNANT)
    percents = [share.percent for share in shown.differential]
    assert percents == sorted(percents, reverse=True)
    assert {share.name for share in shown.differential} == set(probabilities)
    assert shown.likely + shown.unlikely == shown.differential


@given(st.lists(st.floats(0, 1), min_size=7, max_size=7).filter(any))
def test_benign_and_malignant_are_the_sums_a_person_gets_from_the_differential(weights):
    probabilities = {
        name: weight / sum(weights) for name, weight in zip(CLASSES, weights, strict=True)
    }
    shown = prediction(probabilities)
    for share in shown.breakdown:
        parts = [part for part in shown.differential if part.is_malignant == share.is_malignant]
        assert Decimal(str(share.percent)) == total(parts)
    assert [share.name for share in shown.breakdown] in (
        ["benign", "malignant"],
        ["malignant", "benign"],
    )
    assert shown.confidence_percent == shown.malignant_percent


@given(st.floats(0, 1, width=32), st.floats(0, 1))
@example(0.9375, 0.5)
@example(0.0625, 0.5)
@example(0.8125, 0.5)
@example(0.9996, 0.5)
def test_the_confidence_is_the_number_in_the_breakdown(malignant, threshold):
    verdict = "malignant" if malignant >= threshold else "benign"
    shown = prediction({"benign": 1 - malignant, "malignant": malignant}, verdict)
    assert total(shown.breakdown) == 100
    percents = {share.name: share.percent for share in shown.breakdown}
    assert shown.confidence_percent == percents[verdict]


@pytest.mark.parametrize(
    ("malignant", "expected"),
    [
        (0.873, [("malignant", 87.3, True), ("benign", 12.7, False)]),
        (0.0, [("benign", 100.0, False), ("malignant", 0.0, True)]),
        (0.12345, [("benign", 87.7, False), ("malignant", 12.3, True)]),
    ],
)
def test_a_breakdown(malignant, expected):
    shown = prediction({"benign": 1 - malignant, "malignant": malignant}).breakdown
    assert [(share.name, share.percent, share.is_malignant) for share in shown] == expected


def test_a_benign_verdict_above_the_operating_point_deserves_a_look():
    for malignant, verdict, expected in (
        (0.35, "benign", True),
        (0.25, "benign", False),
        (0.7, "malignant", False),
    ):
        shown = prediction({"benign": 1 - malignant, "malignant": malignant}, verdict)
        assert not shown.deserves_a_look
        shown.model_version.operating_point = {"sensitivity": 0.9, "threshold": 0.3}
        assert shown.deserves_a_look == expected
    assert (shown.look_from_percent, shown.look_finds_percent) == (30.0, 90)
