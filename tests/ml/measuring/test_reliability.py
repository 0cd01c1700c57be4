from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.measuring import reliability
from ml.measuring.answers import Answers, describe


@pytest.fixture
def test_set(monkeypatch):
    monkeypatch.setattr(reliability, "RESAMPLES", 20)
    labels = {"even": ["mel"] * 50 + ["nv"] * 50, "few": ["mel"] * 5 + ["nv"] * 50}
    return describe(
        [
            Sample(Path(f"/{name}/{index}"), label, details={"source": name})
            for name, given in labels.items()
            for index, label in enumerate(given)
        ],
        [],
        None,
    )


def answers(test_set, malignant, benign):
    said = np.array([malignant if s.label == "mel" else benign for s in test_set.samples])
    return Answers(np.column_stack([1 - said, said]))


def test_a_source_whose_probabilities_are_off_is_seen(test_set):
    found = reliability.by_domain(test_set, answers(test_set, 0.8, 0.4), None)
    assert found["even"]["malignant"] == 0.5
    assert found["even"]["said"] == pytest.approx(0.6)
    # The answers are given with 0.8 and with 0.6, and are always right.
    assert found["even"]["ece"]["value"] == pytest.approx((0.2 + 0.4) / 2)
    assert "ece_of_mix" not in found["even"]


def test_the_error_of_the_stated_mix_weights_the_same_pictures(test_set):
    found = reliability.by_domain(test_set, answers(test_set, 0.8, 0.4), 0.1)
    assert found["even"]["ece_of_mix"]["value"] == pytest.approx(0.1 * 0.2 + 0.9 * 0.4)


def test_a_source_with_too_few_malignant_pictures_has_no_error(test_set):
    found = reliability.by_domain(test_set, answers(test_set, 0.8, 0.4), 0.1)
    assert found["few"].keys() == {"pictures", "malignant", "said"}
