"""Percentages that a person can add up."""

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


def total(shown: Prediction) -> Decimal:
    return sum((Decimal(str(share.percent)) for share in shown.breakdown), Decimal(0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=len(CLASSES)).filter(any))
@example([1, 1, 1])
@example([1, 1, 1, 1, 1, 1, 1])
def test_the_breakdown_sums_to_100_whatever_the_probabilities(weights):
    probabilities = {
        name: weight / sum(weights) for name, weight in zip(CLASSES, weights, strict=False)
    }
    shown = prediction(probabilities)
    assert total(shown) == 100
    for share in shown.breakdown:
        assert Decimal(str(share.percent)).as_tuple().exponent >= -1  # one decimal
        assert abs(share.percent - 100 * probabilities[share.name]) < 0.1
        assert share.is_malignant == (share.name in MALIGNANT)
    percents = [share.percent for share in shown.breakdown]
    assert percents == sorted(percents, reverse=True)
    assert {share.name for share in shown.breakdown} == set(probabilities)


@given(st.floats(0, 1, width=32), st.floats(0, 1))
@example(0.9375, 0.5)
@example(0.0625, 0.5)
@example(0.8125, 0.5)
@example(0.9996, 0.5)
def test_the_confidence_is_the_number_in_the_breakdown(malignant, threshold):
    verdict = "malignant" if malignant >= threshold else "benign"
    shown = prediction({"benign": 1 - malignant, "malignant": malignant}, verdict)
    assert total(shown) == 100
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
    assert prediction({"benign": 1 - malignant, "malignant": malignant}).breakdown == expected
