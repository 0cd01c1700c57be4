from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.errors import InputError
from ml.measuring import evaluation
from ml.measuring.answers import Answers, describe
from ml.measuring.binary_metrics import METRICS
from ml.measuring.evaluation import (
    by_subgroup,
    headline,
    quantisation_effect,
    score,
)
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(evaluation, "RESAMPLES", 50)
    monkeypatch.setattr(evaluation, "ENOUGH", 1)


@pytest.fixture
def pictures(sample):
    """Return eight pictures of each class, ``b0`` … ``b7`` and ``m0`` … ``m7``."""
    return [sample(f"b{i}") for i in range(8)] + [sample(f"m{i}", "malignant") for i in range(8)]


def malignant(probabilities, threshold=0.5):
    """Return answers that name no diagnosis."""
    values = np.array(probabilities, float)
    return Answers(np.column_stack([1 - values, values]), threshold)


def certain(*codes):
    """Return answers that are sure of a diagnosis."""
    return Answers(np.array([[code == name for name in DIAGNOSIS_CODES] for code in codes], float))


def test_a_picture_leaks_if_it_or_a_near_duplicate_is_in_training(pictures, sample):
    training = [sample("t0"), sample("t1"), pictures[7]]
    pairs = [
        (pictures[0].path, training[0].path),
        (training[1].path, pictures[9].path),
        (pictures[1].path, pictures[2].path),
    ]
    test = describe(pictures, pairs, training)
    assert [s.path.name for s in test.samples[test.leaked]] == ["b0", "b7", "m1"]
    assert test.groups[1] == test.groups[2]
    assert len(set(test.groups.tolist())) == 15


def test_without_training_pictures_leaks_are_not_known(pictures):
    assert describe(pictures, [], None).leaked is None


def test_pictures_that_are_all_known_cannot_be_measured(pictures):
    with pytest.raises(InputError, match="give others"):
        describe(pictures, [], pictures)


def test_a_part_of_the_pictures_is_scored_by_its_own(pictures):
    pictures = [replace(picture, details={"source": "clinic"}) for picture in pictures]
    test = describe(pictures, [], pictures[4:8])
    answers = malignant([0.1] * 4 + [0.9] * 4 + [0.8] * 8)
    rest = test.among(~test.leaked)
    assert evaluation.pictures(rest) == {
        "sources": ["clinic"],
        "pictures": {"benign": 4, "malignant": 8},
        "groups": 12,
    }
    assert score(test, answers)["model"]["accuracy"]["value"] == 0.75
    found = score(rest, answers.among(~test.leaked))
    assert found["model"]["accuracy"]["value"] == 1.0
    assert found["model"].keys() == METRICS.keys()


def test_the_threshold_is_that_of_the_answers(pictures):
    test = describe(pictures, [], None)
    found = score(test, malignant([0.2] * 8 + [0.3] * 8, threshold=0.25))
    assert found["model"]["accuracy"]["value"] == 1


def test_labels_decide_what_is_scored(sample):
    seven = [sample(code, code) for code in DIAGNOSIS_CODES]
    coarse = [sample("a", "benign"), sample("b", "malignant")]
    melanoma = [sample("c", "melanoma"), sample("d", "not_melanoma"), sample("e", "not_melanoma")]
    named = score(describe(seven, [], None), certain(*DIAGNOSIS_CODES))
    assert named.keys() == {"model", "melanoma", "diagnosis", "by_class", "confusion"}
    assert score(describe(coarse, [], None), certain("nv", "bcc")).keys() == {"model"}
    found = score(describe(melanoma, [], None), certain("mel", "nv", "mel"))
    assert found["melanoma"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert "diagnosis" not in found


def test_answers_without_diagnoses_are_not_asked_for_one(sample):
    test = describe([sample("a", "mel"), sample("b", "nv")], [], None)
    assert score(test, malignant([0.9, 0.2])).keys() == {"model"}


def test_malignant_is_the_sum_of_the_malignant_diagnoses():
    row = dict(zip(SEVEN_CODES, (0.1, 0.2, 0.1, 0.05, 0.3, 0.2, 0.05), strict=True))
    answers = Answers(np.array([list(row.values())]))
    assert answers.malignant[0] == pytest.approx(row["akiec"] + row["bcc"] + row["mel"])


def test_where_only_the_seven_are_scored_the_eighth_counts_as_one_of_them(sample):
    test = describe([sample("a", "akiec"), sample("b", "nv")], [], None)
    found = score(test, certain("scc", "nv"))
    assert found["diagnosis"]["accuracy"]["value"] == 1
    assert np.array(found["confusion"]).shape == (7, 7)


def test_where_the_eighth_is_among_the_labels_it_is_scored_by_itself(sample):
    test = describe([sample("a", "akiec"), sample("b", "scc")], [], None)
    found = score(test, certain("scc", "scc"))
    assert found["diagnosis"]["accuracy"]["value"] == 0.5
    assert found["by_class"]["scc"]["sensitivity"]["value"] == 1
    assert np.array(found["confusion"]).shape == (8, 8)


def test_a_network_of_the_seven_calls_the_eighth_what_it_counts_as(sample):
    test = describe([sample("a", "scc"), sample("b", "nv")], [], None)
    rows = np.eye(7)[[SEVEN_CODES.index("akiec"), SEVEN_CODES.index("nv")]]
    found = score(test, Answers(rows))
    assert found["diagnosis"]["accuracy"]["value"] == 1
    assert found["by_class"].keys() == {"akiec", "nv"}


def test_every_class_has_its_own_scores_and_a_row_of_the_confusion(sample):
    test = describe([sample(f"{i}", code) for i, code in enumerate(["mel", "mel", "nv"])], [], None)
    found = score(test, certain("mel", "nv", "nv"))
    assert found["by_class"]["mel"]["pictures"] == 2
    assert found["by_class"]["mel"]["sensitivity"]["value"] == 0.5
    assert found["by_class"]["nv"]["precision"]["value"] == 0.5
    mel, nv = SEVEN_CODES.index("mel"), SEVEN_CODES.index("nv")
    assert np.array(found["confusion"])[[mel, mel, nv], [mel, nv, nv]].tolist() == [1, 1, 1]


def test_subgroups_are_scored_apart_and_those_with_few_malignant_lesions_not_at_all(
    sample, monkeypatch
):
    monkeypatch.setattr(evaluation, "ENOUGH", 10)
    samples = [sample(f"{i}", ("nv", "mel")[i % 2]) for i in range(60)]
    right = [sample.label for sample in samples[:30]] + ["nv"] * 30
    sexes = np.array(["female"] * 30 + ["male"] * 25 + ["not known"] * 5)
    test, answers = describe(samples, [], None), certain(*right)
    judged = np.array([True] * 45 + [False] * 15)
    kinds = {
        "sex": sexes,
        "source": np.array(["one"] * 60),
        "diagnosis": np.array([one.label for one in samples]),
    }
    found = by_subgroup(test, answers, kinds, judged)
    assert found.keys() == {"sex", "diagnosis"}
    by_sex = found["sex"]
    assert {name: (one["pictures"], one["lesions"]) for name, one in by_sex.items()} == {
        "female": (30, 15),
        "male": (25, 12),
        "not known": (5, 3),
    }
    assert by_sex["female"]["sensitivity"]["value"] == 1
    assert by_sex["male"]["sensitivity"]["value"] == 0
    assert by_sex["not known"].keys() == {"pictures", "lesions", "judged"}
    assert by_sex["male"]["judged"]["value"] == pytest.approx(15 / 25)
    # A diagnosis is on one side alone, so that all of its lesions count.
    assert found["diagnosis"]["nv"]["lesions"] == 30
    assert found["diagnosis"]["nv"]["specificity"]["value"] == 1
    assert found["diagnosis"]["mel"]["sensitivity"]["value"] == 0.5
    assert headline(test, answers)["diagnosis_accuracy"]["value"] == pytest.approx(45 / 60)


def test_lesions_count_rather_than_their_views(monkeypatch):
    monkeypatch.setattr(evaluation, "ENOUGH", 3)
    samples = [Sample(Path(f"/{i}"), "mel", lesion=str(i // 2)) for i in range(5)]
    samples += [Sample(Path(f"/b{i}"), "nv", lesion=f"b{i}") for i in range(3)]
    test = describe(samples, [], None)
    kinds = {"sex": np.array(["female"] * 4 + ["male"] * 4)}
    answers = certain(*[one.label for one in samples])
    found = by_subgroup(test, answers, kinds, np.ones(8, bool))
    assert found["sex"]["female"]["lesions"] == 2
    assert "accuracy" not in found["sex"]["female"]
    assert score(test, answers)["by_class"]["mel"]["sensitivity"]["value"] == 1
    monkeypatch.setattr(evaluation, "ENOUGH", 4)
    assert score(test, answers)["by_class"]["mel"] == {"pictures": 5}


def test_melanoma_or_not_is_scored_by_itself(sample):
    samples = [sample(f"m{i}", "melanoma") for i in range(4)]
    samples += [sample(f"n{i}", "not_melanoma") for i in range(4)]
    test = describe(samples, [], None)
    answers = certain(*["mel"] * 3, "nv", *["bcc"] * 3, "mel")
    found = score(test, answers)
    assert found.keys() == {"melanoma"}
    assert found["melanoma"]["auroc"]["value"] == pytest.approx(0.75)
    assert headline(test, answers)["melanoma_auroc"]["value"] == pytest.approx(0.75)


def test_every_picture_is_called_by_its_own_threshold(pictures):
    test = describe(pictures, [], None)
    answers = Answers(malignant([0.3] * 16).probabilities, np.array([0.5] * 8 + [0.2] * 8))
    assert score(test, answers)["model"]["accuracy"]["value"] == 1
    last = np.arange(16) >= 8
    assert answers.among(last).threshold.tolist() == [0.2] * 8


def test_the_effect_of_quantisation_is_the_difference_to_float(pictures):
    test = describe(pictures, [], None)
    original = [0.1] * 8 + [0.9] * 8
    stored = [0.7, *original[1:]]
    effect = quantisation_effect(test, malignant(stored), malignant(original))
    assert effect["accuracy"] == {
        "float32": 1.0,
        "int8": pytest.approx(15 / 16),
        "difference": pytest.approx(-1 / 16),
    }
    assert effect["auroc"]["difference"] == 0
    assert effect["largest_change_of_a_probability"] == pytest.approx(0.6)
