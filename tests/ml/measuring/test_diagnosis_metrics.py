from __future__ import annotations

import io
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from ml.measuring.binary_metrics import plain
from ml.measuring.diagnosis_metrics import (
    balanced_accuracy,
    class_scores,
    confusion,
    diagnosis_scores,
)
from ml.taxonomy import SEVEN_CODES


@pytest.fixture(scope="module", params=[0, 1])
def answered(request):
    """Return truth and probabilities of 300 pictures, which are right about half the time."""
    random = np.random.default_rng(request.param)
    truth = random.choice(7, 300, p=[0.05, 0.05, 0.1, 0.05, 0.15, 0.55, 0.05])
    likelihood = random.exponential(size=(300, 7)) + 1.2 * np.eye(7)[truth]
    return truth, likelihood / likelihood.sum(1, keepdims=True)


@pytest.fixture
def scoring(monkeypatch):
    """Return the package that scored the ISIC challenges."""
    # The package needs this module only to read ZIP archives, and it would have to be compiled.
    monkeypatch.setitem(sys.modules, "zipfile_deflate64", zipfile)
    import isic_challenge_scoring

    return isic_challenge_scoring


def as_challenge_file(rows):
    names = [code.upper() for code in SEVEN_CODES]
    index = pd.Index([f"ISIC_{number:07}" for number in range(len(rows))], name="image")
    return io.StringIO(pd.DataFrame(rows, index, names).to_csv())


@pytest.mark.filterwarnings("ignore:DataFrame.applymap has been deprecated:FutureWarning")
def test_balanced_accuracy_is_that_of_the_isic_challenge(answered, scoring):
    truth, probabilities = answered
    score = scoring.ClassificationScore.from_stream(
        as_challenge_file(np.eye(7)[truth]),
        as_challenge_file(probabilities),
        scoring.ClassificationMetric.BALANCED_ACCURACY,
    )
    assert plain(balanced_accuracy(truth, probabilities), 300) == pytest.approx(score.overall)
    assert 0.3 < score.overall < 0.9


def test_scores_are_those_of_scikit_learn(answered):
    truth, probabilities = answered
    called = probabilities.argmax(1)
    found = {
        name: plain(score, 300) for name, score in diagnosis_scores(truth, probabilities).items()
    }
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(truth, called))
    assert found["balanced_accuracy"] == pytest.approx(
        reference.balanced_accuracy_score(truth, called)
    )
    assert found["in_first_two"] == pytest.approx(
        reference.top_k_accuracy_score(truth, probabilities, k=2)
    )
    assert confusion(truth, probabilities).tolist() == (
        reference.confusion_matrix(truth, called, labels=range(7)).tolist()
    )


@pytest.mark.parametrize("index", range(7))
def test_a_class_is_scored_against_the_others(answered, index):
    truth, probabilities = answered
    called = probabilities.argmax(1)
    scores = class_scores(truth, probabilities, index)
    found = {name: plain(score, 300) for name, score in scores.items()}
    assert found["auroc"] == pytest.approx(
        reference.roc_auc_score(truth == index, probabilities[:, index])
    )
    assert found["sensitivity"] == pytest.approx(
        reference.recall_score(truth == index, called == index)
    )
    assert found["precision"] == pytest.approx(
        reference.precision_score(truth == index, called == index)
    )


def test_the_brier_score_sums_over_the_diagnoses():
    certain = np.eye(7)
    truth = np.arange(7)
    assert plain(diagnosis_scores(truth, certain)["brier"], 7) == 0
    assert plain(diagnosis_scores(truth, np.roll(certain, 1, axis=1))["brier"], 7) == 2


def test_diagnoses_that_a_resample_lacks_do_not_count():
    truth = np.array([0, 1, 1])
    probabilities = np.eye(7)[[0, 1, 2]]
    weights = np.array([[1.0, 1, 1], [0, 1, 1], [1, 0, 0]])
    assert balanced_accuracy(truth, probabilities)(weights).tolist() == [0.75, 0.5, 1.0]
