"""What is common in one source only is known to the loss, and left out of what is learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import architectures
from ml.data.manifest import Sample
from ml.errors import InputError
from ml.taxonomy import DIAGNOSIS_CODES
from ml.training import objective
from ml.training.batches import chances
from ml.training.loop import train
from ml.training.objective import MarginalLikelihood, PriorAdjustedLikelihood
from ml.training.priors import RAREST, domain_priors
from ml.training.runs import TrainingSettings
from tests.ml import tiny
from tests.ml.conftest import choose

NV, MEL, BCC = map(DIAGNOSIS_CODES.index, ("nv", "mel", "bcc"))


def samples(source: str, **labels: int) -> list[Sample]:
    details = {"source": source, "image_type": "dermoscopic"}
    return [
        Sample(Path(f"/{source}.png"), label, details=details)
        for label, number in labels.items()
        for _ in range(number)
    ]


def priors(given: list[Sample], shares: dict[str, float], class_balance: float = 0.0):
    drawn = chances(given, class_balance=class_balance, coarse_weight=1.0, shares=shares)
    return domain_priors(given, drawn, len(DIAGNOSIS_CODES))


def test_each_source_has_the_shares_that_it_is_drawn_in():
    given = samples("home", nv=90, mel=10) + samples("clinic", nv=10, mel=30)
    found = priors(given, {"home": 0.9, "clinic": 0.1})
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    left = 1 - RAREST * len(DIAGNOSIS_CODES)
    assert found[0, MEL] == pytest.approx(0.1 * left + RAREST)
    assert found[-1, MEL] == pytest.approx(0.75 * left + RAREST)
    assert found[0, BCC] == pytest.approx(RAREST)
    balanced = priors(given, {"home": 0.5, "clinic": 0.5}, class_balance=1.0)
    assert balanced[0, MEL] == pytest.approx(balanced[0, NV])


def test_an_open_label_stands_for_what_is_common_elsewhere():
    given = samples("home", nv=60, bkl=20, mel=15, bcc=5) + samples(
        "folder", benign=50, malignant=50
    )
    found = priors(given, {"home": 0.5, "folder": 0.5})[-1]
    assert found[NV] / found[DIAGNOSIS_CODES.index("bkl")] == pytest.approx(3, rel=0.2)
    malignant = sum(found[DIAGNOSIS_CODES.index(code)] for code in ("akiec", "bcc", "mel", "scc"))
    assert malignant == pytest.approx(0.5, abs=1e-6)


def test_equal_priors_change_nothing():
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.ones(8), 5).astype(np.float32)
    truth = np.eye(8, dtype=np.float32)[[0, 3, 5, 6, 4]]
    with_priors = np.hstack([truth, np.full((5, 8), 1 / 8, np.float32)])
    np.testing.assert_allclose(
        PriorAdjustedLikelihood(0.05).call(with_priors, probabilities),
        MarginalLikelihood(0.05).call(truth, probabilities),
        rtol=1e-5,
    )


def test_the_best_answer_to_pictures_that_tell_nothing_is_that_all_are_equally_common():
    """Its loss is that of a network which knows how common each diagnosis is, and nothing else."""
    common = np.array([0.6, 0.2, 0.1, 0.05, 0.05], np.float32)
    truth = np.eye(5, dtype=np.float32)
    with_priors = np.hstack([truth, np.tile(common, (5, 1))])

    def loss(answer: np.ndarray) -> float:
        given = np.tile(answer, (5, 1)).astype(np.float32)
        return float(common @ np.asarray(PriorAdjustedLikelihood().call(with_priors, given)))

    assert loss(np.full(5, 0.2)) == pytest.approx(-float(common @ np.log(common)), rel=1e-5)
    assert loss(common) > loss(np.full(5, 0.2))


def test_a_network_is_trained_with_it(diagnoses_manifest, tmp_path, monkeypatch):
    asked = []

    class Asked(PriorAdjustedLikelihood):
        def call(self, y_true, y_pred):
            asked.append(tuple(y_true.shape))
            return super().call(y_true, y_pred)

    monkeypatch.setattr(objective, "PriorAdjustedLikelihood", Asked)
    monkeypatch.setattr(architectures, "build", tiny.build)
    settings = TrainingSettings(
        "efficientnet_lite0",
        passes=24,
        round_passes=12,
        warm_up=12,
        batch_size=12,
        image_type_weight=0.3,
        prior_adjustment=True,
    )
    train(settings, choose(diagnoses_manifest), tmp_path / "run")
    assert asked
    assert asked[0][1] == 2 * len(DIAGNOSIS_CODES)
    one_logit = replace(settings, architecture="seven_stage", image_type_weight=0.0)
    with pytest.raises(InputError, match="names no diagnoses"):
        train(one_logit, choose(diagnoses_manifest), tmp_path / "other")
