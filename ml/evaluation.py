"""Measure a predictor on labelled pictures, beside the baselines it must beat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.progress import track

from ml.dataset import Pair, Sample, groups, read_picture, twins_of
from ml.errors import InputError
from ml.metrics import METRICS, estimate
from ml.predictor import BATCH_SIZE, Predictor
from ml.selection import counts

RESAMPLES = 2000
SEED = 20260

#: Metrics that 8-bit storage must not move.
QUANTISATION_METRICS = ("accuracy", "auroc")


@dataclass(frozen=True)
class TestSet:
    """Labelled pictures, and which of them belong together.

    Attributes:
        samples: the pictures.
        groups: ``int (n,)``; near-duplicates share a number.
        subsets: by name, which pictures to score together, ``bool (n,)``.
    """

    samples: Sequence[Sample]
    groups: np.ndarray
    subsets: dict[str, np.ndarray]

    # The name is the field's; it holds no tests for pytest to collect.
    __test__ = False

    @property
    def targets(self) -> np.ndarray:
        """``int (n,)``: 0 benign, 1 malignant."""
        return np.array([sample.target for sample in self.samples])


def describe(
    samples: Sequence[Sample], pairs: Iterable[Pair], training: Sequence[Sample] | None
) -> TestSet:
    """Return the subsets of ``samples`` that are scored.

    ``official_split`` is every picture; ``de_leaked``, where the training set is known, is the
    pictures without a near-duplicate in it.

    Raises:
        InputError: the training set knows every picture.
    """
    pairs = list(pairs)
    number = {
        sample.path: index for index, group in enumerate(groups(samples, pairs)) for sample in group
    }
    subsets = {"official_split": np.ones(len(samples), bool)}
    if training is not None:
        seen = {sample.path for sample in training}
        leaked = seen | twins_of(seen, pairs)
        unseen = np.array([sample.path not in leaked for sample in samples])
        if not unseen.any():
            raise InputError("Every picture to measure on is in the training set; give others.")
        subsets["de_leaked"] = unseen
    return TestSet(samples, np.array([number[sample.path] for sample in samples]), subsets)


def predict(predictor: Predictor, samples: Sequence[Sample], title: str) -> np.ndarray:
    """Return the malignant probability of every sample as ``float (n,)``.

    Args:
        predictor: what is measured.
        samples: on which pictures.
        title: what the progress bar says.

    Raises:
        InputError: a picture cannot be decoded.
    """
    probabilities: list[float] = []
    with ThreadPoolExecutor() as pool:
        for start in track(range(0, len(samples), BATCH_SIZE), title):
            paths = [sample.path for sample in samples[start : start + BATCH_SIZE]]
            diagnoses = predictor.predict(list(pool.map(read_picture, paths)))
            probabilities += [diagnosis.malignant_probability for diagnosis in diagnoses]
    return np.array(probabilities)


def score(
    test: TestSet,
    probabilities: np.ndarray,
    threshold: float,
    baselines: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """Return, by subset, its pictures and every metric of the model and of the baselines.

    Args:
        test: the pictures.
        probabilities: of the model, ``float (n,)``.
        threshold: of the model; the baselines answer 0 or 1.
        baselines: their probabilities by name.
    """
    targets = test.targets
    results: dict[str, Any] = {}
    for name, chosen in test.subsets.items():
        answers = {"model": (probabilities, threshold)}
        answers |= {baseline: (values, 0.5) for baseline, values in baselines.items()}
        scores = {
            answer: estimate(
                targets[chosen], values[chosen], test.groups[chosen], limit, RESAMPLES, SEED
            )
            for answer, (values, limit) in answers.items()
        }
        results[name] = {
            "pictures": counts(np.array(test.samples, object)[chosen]),
            "groups": len(np.unique(test.groups[chosen])),
            "model": scores.pop("model"),
            "baselines": scores,
        }
    return results


def quantisation_effect(
    test: TestSet, stored: np.ndarray, original: np.ndarray, threshold: float
) -> dict[str, Any]:
    """Return, by subset, what 8-bit storage changes.

    Args:
        test: the pictures.
        stored: probabilities by the bundle, ``float (n,)``.
        original: probabilities by the float weights the bundle was made from.
        threshold: of both.
    """
    effects: dict[str, Any] = {}
    for name, chosen in test.subsets.items():
        targets, once = test.targets[chosen], np.ones((1, chosen.sum()))
        effects[name] = {
            metric: {
                "float32": (before := _plain(metric, targets, original[chosen], once, threshold)),
                "int8": (after := _plain(metric, targets, stored[chosen], once, threshold)),
                "difference": after - before,
            }
            for metric in QUANTISATION_METRICS
        }
        effects[name]["largest_change_of_a_probability"] = float(
            np.abs(stored - original)[chosen].max()
        )
    return effects


def _plain(
    metric: str, targets: np.ndarray, values: np.ndarray, once: np.ndarray, threshold: float
) -> float:
    return float(METRICS[metric](targets, values, once, threshold)[0])
