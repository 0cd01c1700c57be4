"""Counting shows how many people with an answer have a malignant lesion."""

from __future__ import annotations

import pytest

from classifier.models.predictive_value import (
    COLUMNS,
    PEOPLE,
    PredictiveValue,
    predictive_values,
    rates_of,
    rates_without_uncertain,
)
from tests.factories import ModelVersionFactory, PredictionFactory


def rate(value: float, spread: float = 0.0) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


def test_of_a_thousand_people_with_the_answer():
    # Of 1,000 people 100 are ill, of whom 80 get the answer, and of the 900 others 90 do.
    found = predictive_values({"malignant": rate(0.8), "benign": rate(0.1)})
    assert [value.one_in for value in found] == [10, 100, 1000]
    assert found[0].malignant == pytest.approx(1000 * 80 / 170)
    assert found[1].malignant == pytest.approx(1000 * 8 / (8 + 99))
    assert [value.before for value in found] == [100, 10, 1]


def test_the_range_is_that_of_the_least_and_the_most_favourable_rates():
    value = predictive_values({"malignant": rate(0.8, 0.1), "benign": rate(0.1, 0.05)})[0]
    assert value.low == pytest.approx(1000 * 70 / (70 + 135))
    assert value.high == pytest.approx(1000 * 90 / (90 + 45))
    assert value.low < value.malignant < value.high


def test_an_answer_that_is_never_given_means_nothing():
    assert predictive_values({"malignant": rate(0), "benign": rate(0)}) == []


def test_an_answer_that_only_benign_lesions_get():
    found = predictive_values({"malignant": rate(0), "benign": rate(0.5)})
    assert [value.malignant for value in found] == [0, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 999, 1000])
def test_as_many_are_drawn_as_are_counted(count):
    value = PredictiveValue(100, count, count, count)
    assert value.full_rows * COLUMNS + value.in_next_row == count
    assert value.next_row == value.full_rows + 1
    assert PEOPLE % COLUMNS == 0


RATES = {
    verdict: {"malignant": rate(m), "benign": rate(b)}
    for verdict, m, b in (("malignant", 0.5, 0.05), ("benign", 0.1, 0.7), ("uncertain", 0.4, 0.25))
}
METRICS = {
    "model": {"sensitivity": rate(0.6), "specificity": rate(0.9)},
    "verdicts": {"plain": {"promised": 0.9, "rates": RATES}},
}


def test_the_rates_are_those_of_the_verdict_and_of_how_it_was_made():
    assert rates_of(METRICS, "uncertain", is_averaged=False) == RATES["uncertain"]
    assert rates_of(METRICS, "uncertain", is_averaged=True) == {}
    assert rates_of({}, "benign", is_averaged=False) == {}


def test_without_a_third_verdict_they_are_sensitivity_and_specificity():
    malignant = rates_without_uncertain(METRICS, "malignant")
    benign = rates_without_uncertain(METRICS, "benign")
    assert malignant["malignant"]["value"] == 0.6
    assert malignant["benign"]["value"] == pytest.approx(0.1)
    assert benign["malignant"]["value"] == pytest.approx(0.4)
    assert benign["benign"]["value"] == pytest.approx(0.9)
    assert rates_without_uncertain({}, "benign") == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "of_ten"),
    [
        ({"coverage": 0.9}, 1000 * 50 / (50 + 45)),
        ({"coverage": 0.9, "verdict": "uncertain"}, 1000 * 40 / (40 + 225)),
        ({}, 1000 * 60 / (60 + 90)),
        # Another coverage or averaging gives other answers, and those were not measured.
        ({"coverage": 0.95}, None),
        ({"coverage": 0.9, "spread_low": 0.1, "spread_high": 0.9}, None),
    ],
)
def test_what_a_prediction_means(fields, of_ten):
    version = ModelVersionFactory(metrics={"held_out": METRICS})
    found = PredictionFactory(model_version=version, **fields).predictive_values
    assert ([value.malignant for value in found][:1] or [None])[0] == (
        of_ten and pytest.approx(of_ten)
    )


@pytest.mark.django_db
def test_a_network_that_was_not_measured_says_nothing_of_people():
    assert PredictionFactory(coverage=0.9).predictive_values == []
    assert PredictionFactory(model_version__version="0.0.9").predictive_values == []
