from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.taxonomy import DIAGNOSIS_CODES
from ml.training.validation import ENOUGH, overall_score, score_domains


def samples(source, image_type, labels):
    details = {"source": source, "image_type": image_type}
    return [Sample(Path(f"/{i}.png"), label, details=details) for i, label in enumerate(labels)]


def certain(codes, sure=0.9):
    rows = np.full((len(codes), 8), (1 - sure) / 7)
    rows[np.arange(len(codes)), [DIAGNOSIS_CODES.index(code) for code in codes]] = sure
    return rows


LABELS = ["mel"] * ENOUGH + ["nv"] * ENOUGH


def test_every_domain_is_scored_by_itself():
    given = [*samples("a", "dermoscopic", LABELS), *samples("a", "clinical", LABELS)]
    answers = certain(LABELS + LABELS[::-1])
    kinds = np.eye(3)[[0] * len(LABELS) + [0] * ENOUGH + [1] * ENOUGH]
    found = score_domains(given, answers, kinds)
    assert found.keys() == {"a", "a/clinical"}
    assert found["a"]["malignant_auroc"] == found["a"]["melanoma_auroc"] == 1
    assert found["a/clinical"]["malignant_auroc"] == 0
    assert found["a"]["balanced_accuracy"] == 1
    assert found["a"]["loss"] == pytest.approx(-np.log(0.9))
    assert found["a"]["image_type_accuracy"] == 1
    assert found["a/clinical"]["image_type_accuracy"] == 0.5
    assert overall_score(found) == 0.5


def test_a_domain_with_too_few_malignant_pictures_has_no_auroc():
    labels = LABELS[1:]
    found = score_domains(samples("a", "dermoscopic", labels), certain(labels), None)["a"]
    assert "malignant_auroc" not in found
    assert found["pictures"] == len(labels)
    assert overall_score({"a": found}) == pytest.approx(np.log(0.9))


def test_a_network_with_one_output_is_scored_too():
    labels = ["malignant"] * ENOUGH + ["benign"] * ENOUGH
    malignant = np.r_[np.full(ENOUGH, 0.8), np.full(ENOUGH, 0.3)]
    answers = np.stack([1 - malignant, malignant], 1)
    found = score_domains(samples("", "", labels), answers, None)
    assert found["unnamed"]["malignant_auroc"] == 1
    assert found["unnamed"]["loss"] == pytest.approx(-(np.log(0.8) + np.log(0.7)) / 2)
