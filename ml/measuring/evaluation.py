"""Score answers about labelled pictures: about all of them, by class and by subgroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml.data.selection import counts
from ml.measuring.answers import Answers, TestSet, diagnoses_of, malignancy, melanoma
from ml.measuring.binary_metrics import METRICS, Estimate, binary_scores, estimate, plain
from ml.measuring.diagnosis_metrics import class_scores, confusion, diagnosis_scores
from ml.measuring.image_type_metrics import shares_called
from ml.measuring.served import Served
from ml.measuring.shares import count_names, share_where
from ml.measuring.subgroups import DIAGNOSIS
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES

RESAMPLES = 2000
SEED = 20260

#: Groups with fewer malignant lesions have no scores, because their intervals would say nothing.
ENOUGH = 30

#: These metrics must not be moved by 8-bit storage.
QUANTISATION_METRICS = ("accuracy", "auroc")

#: Subgroups and changed pictures are compared by these.
SUBGROUP_METRICS = ("accuracy", "auroc", "sensitivity", "specificity", "ece")

Array = np.ndarray


def score(test: TestSet, answers: Answers) -> dict[str, Any]:
    """Return the scores of ``answers`` that the labels allow, each with its interval.

    ``model`` tells malignant from benign at the threshold; ``melanoma`` tells melanoma from
    everything else; ``diagnosis`` names one of the seven or eight, with ``by_class`` and
    ``confusion``. A class with fewer lesions than `ENOUGH` has no scores of its own.
    """
    results: dict[str, Any] = {}
    known, targets = malignancy(test.samples)
    if len(set(targets[known])) == 2:
        answered = answers.among(known)
        malignant = binary_scores(targets[known], answered.malignant, answered.threshold)
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
            code: _of_class(test.among(known), *named, index)
            for index, code in enumerate(codes)
            if (named[0] == index).any()
        }
        results["confusion"] = confusion(*named).tolist()
    return results


def _of_class(test: TestSet, truth: Array, probabilities: Array, index: int) -> dict[str, Any]:
    is_it = truth == index
    found: dict[str, Any] = {"pictures": int(is_it.sum())}
    if _lesions(test, is_it) >= ENOUGH:
        found |= _estimates(class_scores(truth, probabilities, index), test)
    return found


def headline(test: TestSet, answers: Answers) -> dict[str, Estimate]:
    """Return the few scores that subgroups and changed pictures are compared by."""
    found: dict[str, Estimate] = {}
    known, targets = malignancy(test.samples)
    if known.any():
        answered = answers.among(known)
        scores = {
            name: METRICS[name](targets[known], answered.malignant, answered.threshold)
            for name in SUBGROUP_METRICS
        }
        found = _estimates(scores, test.among(known))
    if not answers.names_diagnoses:
        return found
    known, targets = melanoma(test.samples)
    if len(set(targets[known])) == 2:
        probability = answers.probability_of("mel")[known]
        score = {"melanoma_auroc": METRICS["auroc"](targets[known], probability, 0.5)}
        found |= _estimates(score, test.among(known))
    named, truth, probabilities = diagnoses_of(test.samples, answers)
    if named.any():
        scores = diagnosis_scores(truth[named], probabilities[named])
        chosen = {f"diagnosis_{name}": scores[name] for name in ("accuracy", "balanced_accuracy")}
        found |= _estimates(chosen, test.among(named))
    return found


def by_subgroup(
    test: TestSet, answers: Answers, kinds: Mapping[str, Array], judged: Array
) -> dict[str, dict[str, Any]]:
    """Return, by kind and name of the subgroup, its pictures and headline scores.

    Each subgroup has its ``pictures``, its ``lesions``, and the share that is ``judged``. In a
    subgroup by diagnosis all lesions are counted, in any other the malignant ones. Subgroups with
    fewer lesions than `ENOUGH` have no scores.

    Args:
        test: the pictures.
        answers: answers about them.
        kinds: see `subgroups.subgroups`. A kind is left out if all pictures are in one of its
            subgroups.
        judged: which pictures are not rejected, ``bool (n,)``.
    """
    _, malignant = malignancy(test.samples)
    results: dict[str, dict[str, Any]] = {}
    for kind, names in kinds.items():
        if len(set(names)) < 2:
            continue
        results[kind] = {}
        for name in sorted(set(names.tolist())):
            inside = names == name
            lesions = _lesions(test, inside & (malignant == 1) if kind != DIAGNOSIS else inside)
            found: dict[str, Any] = {"pictures": int(inside.sum()), "lesions": lesions}
            found["judged"] = share_where(judged[inside])
            if lesions >= ENOUGH:
                found |= headline(test.among(inside), answers.among(inside))
            results[kind][name] = found
    return results


def screened(test: TestSet, served: Served) -> dict[str, Any]:
    """Return what share of the pictures is ``judged``, and how the judged ones score.

    ``problems`` counts why the others are not, and ``called`` says what share of each domain is
    called each image type.
    """
    known, malignant = malignancy(test.samples)
    judged, kinds = served.judged, (("benign", 0), ("malignant", 1))
    return {
        "judged": {"all": share_where(judged)}
        | {name: share_where(judged[known & (malignant == kind)]) for name, kind in kinds},
        "problems": count_names(served.problems),
        "called": shares_called(test.samples, served.image_types),
        "scores": headline(test.among(judged), served.answers.among(judged))
        if judged.any()
        else {},
    }


def _lesions(test: TestSet, chosen: Array) -> int:
    """Return how many groups of pictures that belong together are among the chosen ones."""
    return len(np.unique(test.groups[chosen]))


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
                METRICS[metric](targets[known], answers.malignant, answers.threshold),
                int(known.sum()),
            )
            for answers in (original.among(known), stored.among(known))
        )
        effect[metric] = {"float32": before, "int8": after, "difference": after - before}
    largest = np.abs(stored.probabilities - original.probabilities).max()
    return effect | {"largest_change_of_a_probability": float(largest)}


def pictures(test: TestSet) -> dict[str, Any]:
    """Return the sources, how many pictures of each class there are, and how many groups."""
    return {
        "sources": sorted({sample.source for sample in test.samples} - {""}),
        "pictures": counts(test.samples),
        "groups": len(np.unique(test.groups)),
    }


def _estimates(scores: Mapping[str, Any], test: TestSet) -> dict[str, Estimate]:
    return estimate(scores, test.groups, RESAMPLES, SEED, test.weights)
