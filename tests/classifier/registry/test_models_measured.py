"""Pages show the metrics that they can, and say something of the others."""

from __future__ import annotations

import functools
import json

import pytest

from classifier.models.measured import MetricsError, check_metrics
from ml.packaging.bundle import available

SCORE = {"value": 0.9, "low": 0.8, "high": 0.95}
TEST_SET = {
    "pictures": {"benign": 10, "malignant": 2},
    "model": {"sensitivity": SCORE, "specificity": SCORE},
    "diagnosis": {"accuracy": {"value": None, "low": None, "high": None}},
    "verdicts": {
        "plain": {"promised": 0.9, "rates": {"benign": {"malignant": SCORE, "benign": SCORE}}}
    },
}


def test_metrics_that_pages_can_show_are_accepted():
    check_metrics({"held_out": TEST_SET, "validation": {"loss": 1.5}})
    check_metrics({})


def test_metrics_of_photographs_must_be_such_that_pages_can_show_them_too():
    check_metrics({"held_out_clinical": TEST_SET})
    with pytest.raises(MetricsError, match=r"held_out_clinical\.model must be an object"):
        check_metrics({"held_out_clinical": TEST_SET | {"model": None}})


def test_scores_by_kind_of_picture_must_be_such_that_pages_can_show_them():
    def measured(**clinical):
        return {"milk10k": {"subgroups": {"image_type": {"clinical": clinical}}}}

    nothing = {"value": None, "low": None, "high": None}
    check_metrics(measured(pictures=9, sensitivity=SCORE, specificity=nothing))
    check_metrics(measured(pictures=9))
    path = r"metrics\.milk10k\.subgroups\.image_type\.clinical"
    with pytest.raises(MetricsError, match=rf"{path}\.pictures must be a number of pictures"):
        check_metrics(measured(sensitivity=SCORE))
    with pytest.raises(MetricsError, match=rf"{path}\.sensitivity must be an object"):
        check_metrics(measured(pictures=9, sensitivity=0.5))


@pytest.mark.parametrize("bundle", available(), ids=lambda bundle: bundle.name)
def test_the_metrics_of_what_ships_are_as_they_must_be(bundle):
    check_metrics(bundle.metrics)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("pictures", None, "held_out.pictures must be an object. Received: None"),
        ("pictures.benign", 1.5, "held_out.pictures.benign must be a number of pictures"),
        ("model", [], r"held_out.model must be an object. Received: \[\]"),
        ("model.sensitivity", 0.9, "held_out.model.sensitivity must be an object. Received: 0.9"),
        ("model.sensitivity.low", "0.8", "sensitivity.low must be a number from 0 to 1"),
        ("model.specificity.high", 95, "specificity.high must be a number from 0 to 1"),
        ("model.specificity.value", None, "specificity.value must be a number from 0 to 1"),
        (
            "model.specificity.low",
            0.99,
            "specificity must be an interval. Received: \\[0.99, 0.95\\]",
        ),
        ("diagnosis.accuracy", {"value": 0.5}, "accuracy.low must be a number from 0 to 1"),
        ("verdicts.plain.promised", True, "plain.promised must be a number from 0 to 1"),
        ("verdicts.plain.rates.benign.benign", None, "rates.benign.benign must be an object"),
        ("notes", [float("nan")], r"held_out.notes\[0\] must be a finite number. Received: nan"),
    ],
)
def test_metrics_that_no_page_could_show_are_refused(path, value, message):
    spoilt = json.loads(json.dumps(TEST_SET))
    *folders, name = path.split(".")
    part = functools.reduce(dict.__getitem__, folders, spoilt)
    part[name] = value
    with pytest.raises(MetricsError, match=f"^metrics.*{message}"):
        check_metrics({"held_out": spoilt})
