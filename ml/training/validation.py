"""Score a network in training on pictures that it does not learn from, source by source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ml.data.manifest import Sample
from ml.judging.calibration import negative_log_likelihood
from ml.measuring.answers import Answers, diagnoses_of, malignancy, melanoma
from ml.measuring.binary_metrics import auroc, plain
from ml.measuring.diagnosis_metrics import diagnosis_scores
from ml.training.objective import image_type_targets, targets_of

Array = np.ndarray

#: A domain is scored on two classes only if it has so many pictures of each.
ENOUGH = 20


def score_domains(
    samples: Sequence[Sample], probabilities: Array, image_types: Array | None
) -> dict[str, dict[str, float]]:
    """Return, by domain, its ``pictures``, ``loss`` and the scores that its labels allow.

    Args:
        samples: the validation pictures.
        probabilities: probabilities of each, ``float (n, classes)``; a network with one logit has
            two.
        image_types: probabilities of each, ``float (n, 3)``, or None where the network does not
            tell image types.
    """
    domains = np.array([sample.domain or "unnamed" for sample in samples])
    listed = np.empty(len(samples), object)
    listed[:] = samples
    return {
        domain: _scores(
            listed[domains == domain],
            Answers(probabilities[domains == domain]),
            None if image_types is None else image_types[domains == domain],
        )
        for domain in sorted(set(domains))
    }


def overall_score(domains: dict[str, dict[str, float]]) -> float:
    """Return the score by which rounds are compared.

    It is the mean over the domains of the malignant AUROC. Where no domain has one, it is minus the
    mean loss.
    """
    found = [
        scores["malignant_auroc"] for scores in domains.values() if "malignant_auroc" in scores
    ]
    if found:
        return float(np.mean(found))
    return -float(np.mean([scores["loss"] for scores in domains.values()]))


def _scores(samples: Array, answers: Answers, image_types: Array | None) -> dict[str, Any]:
    width = answers.probabilities.shape[1]
    targets = targets_of(samples, 1 if width == 2 else width)
    found: dict[str, Any] = {
        "pictures": len(samples),
        "loss": negative_log_likelihood(answers.probabilities, targets),
    }
    questions = [("malignant_auroc", malignancy(samples), answers.malignant)]
    if answers.names_diagnoses:
        questions.append(("melanoma_auroc", melanoma(samples), answers.probability_of("mel")))
    for name, (known, truth), probability in questions:
        counts = np.bincount(truth[known], minlength=2)
        if counts.min() >= ENOUGH:
            score = auroc(truth[known], probability[known], 0.5)
            found[name] = plain(score, int(known.sum()))
    if answers.names_diagnoses:
        known, truth, named = diagnoses_of(samples, answers)
        if known.sum() >= ENOUGH:
            balanced = diagnosis_scores(truth[known], named[known])["balanced_accuracy"]
            found["balanced_accuracy"] = plain(balanced, int(known.sum()))
    if image_types is not None:
        truth = image_type_targets(samples)
        right = truth[np.arange(len(truth)), image_types.argmax(1)]
        found["image_type_accuracy"] = float(right.mean())
    return found
