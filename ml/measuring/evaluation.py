"""Measure probabilities on labelled pictures: whole, by class, by subgroup, beside baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from rich.progress import track

from ml.data.dataset import groups, read_sample, twins_of
from ml.data.manifest import Pair, Sample
from ml.data.selection import counts
from ml.errors import InputError
from ml.judging.calibration import malignant_probability
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.judging.preprocessing import symmetries as symmetries_of
from ml.judging.preprocessing import to_pixels
from ml.measuring.binary_metrics import METRICS, Estimate, binary_scores, estimate, plain
from ml.measuring.diagnosis_metrics import class_scores, confusion, diagnosis_scores
from ml.measuring.subgroups import SMALLEST
from ml.taxonomy import (
    BINARY_CLASSES,
    DIAGNOSIS_CODES,
    LABELS,
    MALIGNANT_CODES,
    SCC_AMONG_SEVEN,
    SEVEN_CODES,
    class_of,
    is_malignant,
)

RESAMPLES = 2000
SEED = 20260

#: Metrics that 8-bit storage must not move.
QUANTISATION_METRICS = ("accuracy", "auroc")

#: What is compared across subgroups and changed pictures.
SUBGROUP_METRICS = ("accuracy", "auroc", "sensitivity", "specificity", "ece")

Array = np.ndarray


@dataclass(frozen=True)
class Answers:
    """What one network, or one baseline, says about every picture.

    Attributes:
        probabilities: ``float (n, 2)`` of benign and malignant, or ``(n, 7)`` or ``(n, 8)`` of the
            diagnoses.
        threshold: malignant probability from which on a picture is called malignant.
    """

    probabilities: Array
    threshold: float = 0.5

    @property
    def classes(self) -> tuple[str, ...]:
        """What the columns are the probabilities of."""
        return {2: BINARY_CLASSES, 7: SEVEN_CODES, 8: DIAGNOSIS_CODES}[self.probabilities.shape[1]]

    @property
    def names_diagnoses(self) -> bool:
        """Whether they are probabilities of the seven or eight diagnoses."""
        return self.classes != BINARY_CLASSES

    @property
    def malignant(self) -> Array:
        """Probability of malignant, ``float (n,)``."""
        if self.names_diagnoses:
            return malignant_probability(self.probabilities, self.classes, MALIGNANT_CODES)
        return self.probabilities[:, 1]

    def probability_of(self, code: str) -> Array:
        """Probability of one of the classes, ``float (n,)``."""
        return self.probabilities[:, self.classes.index(code)]

    def among_seven(self) -> Array:
        """Return the probabilities of the seven diagnoses, ``float (n, 7)``.

        A squamous cell carcinoma counts as what it is a late form of.
        """
        if self.classes == SEVEN_CODES:
            return self.probabilities
        kept = self.probabilities[:, [DIAGNOSIS_CODES.index(code) for code in SEVEN_CODES]]
        kept[:, SEVEN_CODES.index(SCC_AMONG_SEVEN)] += self.probability_of("scc")
        return kept

    def among(self, chosen: Array) -> Answers:
        """Return the answers about some of the pictures."""
        return Answers(self.probabilities[chosen], self.threshold)


@dataclass(frozen=True)
class TestSet:
    """Labelled pictures, and which of them belong together.

    Attributes:
        samples: the pictures, ``object (n,)``.
        groups: ``int (n,)``; views of one lesion and near-duplicates share a number.
        leaked: ``bool (n,)``, whether a near-duplicate is in the training set; None where that
            is not known.
    """

    samples: Array
    groups: Array
    leaked: Array | None

    # The name is the field's; it holds no tests for pytest to collect.
    __test__ = False

    def among(self, chosen: Array) -> TestSet:
        """Return some of the pictures."""
        leaked = None if self.leaked is None else self.leaked[chosen]
        return TestSet(self.samples[chosen], self.groups[chosen], leaked)


def describe(
    samples: Sequence[Sample], pairs: Iterable[Pair], training: Sequence[Sample] | None
) -> TestSet:
    """Return ``samples`` with what is known about their groups and their leaks.

    Raises:
        InputError: the training set knows every picture.
    """
    pairs = list(pairs)
    number = {
        sample.path: index for index, group in enumerate(groups(samples, pairs)) for sample in group
    }
    leaked = None
    if training is not None:
        seen = {sample.path for sample in training}
        known = seen | twins_of(seen, pairs)
        leaked = np.array([sample.path in known for sample in samples])
        if leaked.all():
            raise InputError("Every picture to measure on is in the training set; give others.")
    listed = np.empty(len(samples), object)
    listed[:] = samples
    return TestSet(listed, np.array([number[sample.path] for sample in samples]), leaked)


def predict(
    predictor: Predictor,
    samples: Sequence[Sample],
    title: str,
    change: Any = None,
    *,
    symmetries: bool = False,
) -> Answers:
    """Return what ``predictor`` says about every sample.

    Args:
        predictor: what is measured.
        samples: on which pictures.
        title: what the progress bar says.
        change: one of `perturbations.PERTURBATIONS`, or None for the pictures as they are.
        symmetries: whether to take the mean over each picture's eight symmetries.

    Raises:
        InputError: a picture cannot be decoded.
    """

    def read(sample: Sample) -> Image.Image:
        image = read_sample(sample)
        return change(image) if change else image

    def answer(batch: Sequence[Sample]) -> Array:
        pixels = np.stack(
            [to_pixels(image, predictor.input_size) for image in pool.map(read, batch)]
        )
        if not symmetries:
            return predictor.probabilities(pixels)
        return predictor.probabilities(symmetries_of(pixels)).reshape(len(pixels), 8, -1).mean(1)

    with ThreadPoolExecutor() as pool:
        probabilities = [
            answer(samples[start : start + BATCH_SIZE])
            for start in track(range(0, len(samples), BATCH_SIZE), title)
        ]
    return Answers(np.concatenate(probabilities), predictor.bundle.threshold)


def score(test: TestSet, answers: Answers) -> dict[str, Any]:
    """Return the scores of ``answers`` that the labels allow, each with its interval.

    ``model`` tells malignant from benign at the threshold; ``melanoma`` tells melanoma from
    everything else; ``diagnosis`` names one of the seven, with ``by_class`` and ``confusion``.
    """
    results: dict[str, Any] = {}
    known, targets = malignancy(test.samples)
    if known.any():
        malignant = binary_scores(targets[known], answers.malignant[known], answers.threshold)
        results["model"] = _estimates(malignant, test.groups[known])
    if not answers.names_diagnoses:
        return results
    known, targets = melanoma(test.samples)
    if len(set(targets[known])) == 2:
        probability = answers.probability_of("mel")[known]
        results["melanoma"] = _estimates(
            binary_scores(targets[known], probability, 0.5), test.groups[known]
        )
    known, truth, probabilities = diagnoses_of(test.samples, answers)
    if known.any():
        named = truth[known], probabilities[known]
        codes = SEVEN_CODES if probabilities.shape[1] == len(SEVEN_CODES) else DIAGNOSIS_CODES
        results["diagnosis"] = _estimates(diagnosis_scores(*named), test.groups[known])
        results["by_class"] = {
            code: {"pictures": int((named[0] == index).sum())}
            | _estimates(class_scores(*named, index), test.groups[known])
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
    found = _estimates(scores, test.groups[known])
    if not answers.names_diagnoses:
        return found
    named, truth, probabilities = diagnoses_of(test.samples, answers)
    if named.any():
        scores = diagnosis_scores(truth[named], probabilities[named])
        chosen = {f"diagnosis_{name}": scores[name] for name in ("accuracy", "balanced_accuracy")}
        found |= _estimates(chosen, test.groups[named])
    return found


def values(test: TestSet, answers: Answers) -> dict[str, float]:
    """Return what ablations are compared by, without intervals."""
    known, targets = malignancy(test.samples)
    named, truth, probabilities = diagnoses_of(test.samples, answers)
    likeliest = diagnosis_scores(truth[named], probabilities[named])
    auroc = METRICS["auroc"](targets[known], answers.malignant[known], answers.threshold)
    return {
        "diagnosis_accuracy": plain(likeliest["accuracy"], int(named.sum())),
        "diagnosis_balanced_accuracy": plain(likeliest["balanced_accuracy"], int(named.sum())),
        "malignant_auroc": plain(auroc, int(known.sum())),
    }


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


def malignancy(samples: Iterable[Sample]) -> tuple[Array, Array]:
    """Return for which samples it is known, ``bool (n,)``, and it, ``int (n,)``."""
    found = [is_malignant(sample.label) for sample in samples]
    return np.array([value is not None for value in found]), np.array([bool(v) for v in found], int)


def melanoma(samples: Iterable[Sample]) -> tuple[Array, Array]:
    """Return for which samples it is known whether they are one, and whether they are."""
    allowed = [LABELS[sample.label] for sample in samples]
    known = np.array(["mel" not in labels or labels == ("mel",) for labels in allowed])
    return known, np.array([labels == ("mel",) for labels in allowed], int)


def diagnoses_of(samples: Iterable[Sample], answers: Answers) -> tuple[Array, Array, Array]:
    """Return what the diagnoses of some pictures are scored by.

    They are scored among the seven where the answers know no more, or no picture shows the eighth.

    Args:
        samples: the pictures.
        answers: about them, of the diagnoses.

    Returns:
        Which samples name a diagnosis, ``bool (n,)``; its index (0 where not), ``int (n,)``; and
        the probabilities of the diagnoses it is an index of, ``float (n, 7 or 8)``.
    """
    labels = [sample.label for sample in samples]
    codes = answers.classes if "scc" in labels else SEVEN_CODES
    named = [class_of(label, codes) for label in labels]
    known = np.array([code is not None for code in named])
    truth = np.array([0 if code is None else codes.index(code) for code in named])
    probabilities = answers.among_seven() if codes == SEVEN_CODES else answers.probabilities
    return known, truth, probabilities


def pictures(test: TestSet) -> dict[str, Any]:
    """Return how many pictures of each class there are, and how many groups."""
    return {"pictures": counts(test.samples), "groups": len(np.unique(test.groups))}


def _estimates(scores: Mapping[str, Any], grouped: Array) -> dict[str, Estimate]:
    return estimate(scores, grouped, RESAMPLES, SEED)
