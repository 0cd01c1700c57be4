"""Scores of answers about labelled pictures: of all, by class and by subgroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.data.selection import counts
from ml.measuring.answers import Answers, TestSet, diagnoses_of, malignancy, melanoma
from ml.measuring.binary_metrics import METRICS, Estimate, binary_scores, estimate, plain
from ml.measuring.diagnosis_metrics import class_scores, confusion, diagnosis_scores
from ml.measuring.subgroups import SMALLEST
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES

RESAMPLES = 2000
SEED = 20260

#: Metrics that 8-bit storage must not move.
QUANTISATION_METRICS = ("accuracy", "auroc")

#: Subgroups and changed pictures are compared by these.
SUBGROUP_METRICS = ("accuracy", "auroc", "sensitivity", "specificity", "ece")

Array = np.ndarray


def score(test: TestSet, answers: Answers) -> dict[str, Any]:
    """Return the scores of ``answers`` that the labels allow, each with its interval.

    ``model`` tells malignant from benign at the threshold; ``melanoma`` tells melanoma from
    everything else; ``diagnosis`` names one of the seven, with ``by_class`` and ``confusion``.
    """
    results: dict[str, Any] = {}
    known, targets = malignancy(test.samples)
    if known.any():
        malignant = binary_scores(targets[known], answers.malignant[known], answers.threshold)
        results["model"] = _estimates(malignant, test.among(known))
    if not answers.names_diagnoses:
        return results
    known, targets = melanoma(test.samples)
    if len(set(targets[known])) == 2:
        probability = answers.probability_of("mel")[known]
        results["melanoma"] = _estimates(
            binary_scores(targets[known], probability, 0.5), test.among(known)
        )
    known, truth, probabilities = diagnoses_of(test.samples, answers)
    if known.any():
        named = truth[known], probabilities[known]
        codes = SEVEN_CODES if probabilities.shape[1] == len(SEVEN_CODES) else DIAGNOSIS_CODES
        results["diagnosis"] = _estimates(diagnosis_scores(*named), test.among(known))
        results["by_class"] = {
            code: {"pictures": int((named[0] == index).sum())}
            | _estimates(class_scores(*named, index), test.among(known))
            for index, code in enumerate(codes)
            if (named[0] == index).any()
        }
        results["confusion"] = confusion(*named).tolist()
    return results


def headline(test: TestSet, answers: Answers) -> dict[str, Estimate]:
    """Return the few scores that subgroups and changed pictures are compared by."""
    known, targets = malignancy(test.samples)
    scores = {
        name: METRICS[name](targets[known], answers.malignant[known], answers.threshold)
        for name in SUBGROUP_METRICS
    }
    found = _estimates(scores, test.among(known))
    if not answers.names_diagnoses:
        return found
    named, truth, probabilities = diagnoses_of(test.samples, answers)
    if named.any():
        scores = diagnosis_scores(truth[named], probabilities[named])
        chosen = {f"diagnosis_{name}": scores[name] for name in ("accuracy", "balanced_accuracy")}
        found |= _estimates(chosen, test.among(named))
    return found


def by_subgroup(
    test: TestSet, answers: Answers, kinds: Mapping[str, Array]
) -> dict[str, dict[str, Any]]:
    """Return, by kind and name of the subgroup, its pictures and headline scores.

    Args:
        test: the pictures.
        answers: about them.
        kinds: see `subgroups.subgroups`. A kind of which all pictures are in one subgroup is left
            out, and so are subgroups that are too small.
    """
    known, _ = malignancy(test.samples)
    results: dict[str, dict[str, Any]] = {}
    for kind, names in kinds.items():
        sizes = {name: int((known & (names == name)).sum()) for name in sorted(set(names))}
        if len(sizes) > 1:
            results[kind] = {
                name: {"pictures": size}
                | headline(test.among(names == name), answers.among(names == name))
                for name, size in sizes.items()
                if size >= SMALLEST
            }
    return results


def quantisation_effect(test: TestSet, stored: Answers, original: Answers) -> dict[str, Any]:
    """Return what 8-bit storage changes.

    Args:
        test: the pictures.
        stored: answers by the bundle.
        original: answers by the float weights the bundle was made from.
    """
    known, targets = malignancy(test.samples)
    effect: dict[str, Any] = {}
    for metric in QUANTISATION_METRICS:
        before, after = (
            plain(
                METRICS[metric](targets[known], answers.malignant[known], answers.threshold),
                int(known.sum()),
            )
            for answers in (original, stored)
        )
        effect[metric] = {"float32": before, "int8": after, "difference": after - before}
    largest = np.abs(stored.probabilities - original.probabilities).max()
    return effect | {"largest_change_of_a_probability": float(largest)}


def pictures(test: TestSet) -> dict[str, Any]:
    """Return how many pictures of each class there are, and how many groups."""
    return {"pictures": counts(test.samples), "groups": len(np.unique(test.groups))}


def _estimates(scores: Mapping[str, Any], test: TestSet) -> dict[str, Estimate]:
    return estimate(scores, test.groups, RESAMPLES, SEED, test.weights)
