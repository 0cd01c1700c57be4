"""Collect what a network says about labelled pictures, and what their labels say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.dataset import groups, twins_of
from ml.data.manifest import Pair, Sample
from ml.errors import InputError
from ml.judging.calibration import malignant_probability
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

Array = np.ndarray


@dataclass(frozen=True)
class Answers:
    """Holds what one network, or one baseline, says about every picture.

    Attributes:
        probabilities: ``float (n, 2)`` of benign and malignant, or ``(n, 7)`` or ``(n, 8)`` of the
            diagnoses.
        threshold: malignant probability from which on a picture is called malignant: one for all,
            or ``float (n,)``, one for each.
    """

    probabilities: Array
    threshold: float | Array = 0.5

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the classes whose probabilities the columns hold."""
        return {2: BINARY_CLASSES, 7: SEVEN_CODES, 8: DIAGNOSIS_CODES}[self.probabilities.shape[1]]

    @property
    def names_diagnoses(self) -> bool:
        """Tell whether they are probabilities of the seven or eight diagnoses."""
        return self.classes != BINARY_CLASSES

    @property
    def malignant(self) -> Array:
        """Return the probability of malignant, ``float (n,)``."""
        if self.names_diagnoses:
            return malignant_probability(self.probabilities, self.classes, MALIGNANT_CODES)
        return self.probabilities[:, 1]

    def probability_of(self, code: str) -> Array:
        """Return the probability of one of the classes, ``float (n,)``."""
        return self.probabilities[:, self.classes.index(code)]

    def among_seven(self) -> Array:
        """Return the probabilities of the seven diagnoses, ``float (n, 7)``.

        A squamous cell carcinoma counts as the diagnosis that it is a late form of.
        """
        if self.classes == SEVEN_CODES:
            return self.probabilities
        kept = self.probabilities[:, [DIAGNOSIS_CODES.index(code) for code in SEVEN_CODES]]
        kept[:, SEVEN_CODES.index(SCC_AMONG_SEVEN)] += self.probability_of("scc")
        return kept

    def among(self, chosen: Array) -> Answers:
        """Return the answers about some of the pictures."""
        threshold = self.threshold
        of_chosen = threshold[chosen] if isinstance(threshold, np.ndarray) else threshold
        return Answers(self.probabilities[chosen], of_chosen)


@dataclass(frozen=True)
class TestSet:
    """Holds labelled pictures, and says which of them belong together.

    Attributes:
        samples: the pictures, ``object (n,)``.
        groups: ``int (n,)``; views of one lesion and near-duplicates share a number.
        leaked: ``bool (n,)``, whether a near-duplicate is in the training set; None where that
            is not known.
        weights: how much each counts in a score, see `ml.measuring.mix`; None where all count the
            same.
    """

    samples: Array
    groups: Array
    leaked: Array | None
    weights: Array | None = None

    # The field of statistics calls it a test set, but it holds no tests for pytest to collect.
    __test__ = False

    def among(self, chosen: Array) -> TestSet:
        """Return some of the pictures."""
        leaked, weights = (
            None if part is None else part[chosen] for part in (self.leaked, self.weights)
        )
        return TestSet(self.samples[chosen], self.groups[chosen], leaked, weights)


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


def malignancy(samples: Iterable[Sample]) -> tuple[Array, Array]:
    """Return which samples have a known malignancy, ``bool (n,)``, and that, ``int (n,)``."""
    found = [is_malignant(sample.label) for sample in samples]
    return np.array([value is not None for value in found]), np.array([bool(v) for v in found], int)


def melanoma(samples: Iterable[Sample]) -> tuple[Array, Array]:
    """Return of which samples it is known whether they are melanomas, and which are."""
    allowed = [LABELS[sample.label] for sample in samples]
    known = np.array(["mel" not in labels or labels == ("mel",) for labels in allowed])
    return known, np.array([labels == ("mel",) for labels in allowed], int)


def diagnoses_of(samples: Iterable[Sample], answers: Answers) -> tuple[Array, Array, Array]:
    """Return what the diagnoses of some pictures are scored by.

    They are scored among the seven where the answers know no more, or no picture shows the eighth.

    Args:
        samples: the pictures.
        answers: answers about them that name diagnoses.

    Returns:
        Which samples name a diagnosis, ``bool (n,)``; the index of that diagnosis, or 0 where none
        is named, ``int (n,)``; and the probabilities of the diagnoses in the order of the index,
        ``float (n, 7 or 8)``.
    """
    labels = [sample.label for sample in samples]
    codes = answers.classes if "scc" in labels else SEVEN_CODES
    named = [class_of(label, codes) for label in labels]
    known = np.array([code is not None for code in named])
    truth = np.array([0 if code is None else codes.index(code) for code in named])
    probabilities = answers.among_seven() if codes == SEVEN_CODES else answers.probabilities
    return known, truth, probabilities
