"""What each choice in training is worth: the same short run with one choice changed at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ml import calibration, evaluation, training
from ml.dataset import read_all
from ml.manifest import Sample
from ml.objective import targets_of
from ml.perturbations import PERTURBATIONS
from ml.preprocessing import to_pixels
from ml.runs import Settings
from ml.selection import Selection
from ml.taxonomy import DIAGNOSIS_CODES

#: By name, what a run changes, and the settings that do.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "base": ("nothing", {}),
    "random_start": ("random first weights instead of ImageNet's", {"pretrained": False}),
    "pictures_equal": ("every picture counts the same", {"class_balance": 0.0}),
    "classes_equal": ("every class counts the same", {"class_balance": 1.0}),
    "seven_labels_only": ("pictures with an open diagnosis do not count", {"coarse_weight": 0.0}),
    "without_artefacts": (
        "no synthetic hair, rulers, ink and dark corners",
        {"augmentation": "without_artefacts"},
    ),
    "without_sharpness": (
        "no random blur, resolution and JPEG quality",
        {"augmentation": "without_sharpness"},
    ),
}
BATCH_SIZE = 32


def run(settings: Settings, selection: Selection, directory: Path) -> list[dict[str, Any]]:
    """Train every variant, or go on with it, and score it on the validation pictures.

    Args:
        settings: of the base.
        selection: the pictures, the same for all.
        directory: for the runs, one sub-directory each.

    Returns:
        For each variant ``name``, what it ``changed``, and its ``scores`` on the validation
        pictures that have one of the seven labels: as they are, with corners masked, and in low
        resolution.
    """
    named = [sample for sample in selection.validation if sample.label in DIAGNOSIS_CODES]
    rows = []
    for name, (changed, changes) in VARIANTS.items():
        training.train(replace(settings, **changes), selection, directory / name)
        rows.append({"name": name, "changed": changed, "scores": scores(directory / name, named)})
    return rows


def scores(run: Path, samples: list[Sample]) -> dict[str, float]:
    """Return the scores of a run's best epoch, after fitting a temperature to the pictures."""
    model = training.load_best(run)
    size = model.input_shape[1]
    fitted: calibration.Calibration | None = None
    found: dict[str, float] = {}
    test = evaluation.describe(samples, [], None)
    changes: dict[str, Callable[[Image.Image], Image.Image] | None] = {"": None, **PERTURBATIONS}
    for change, changed in changes.items():
        read = partial(_pixels, size=size, change=changed)
        title = f"Reading pictures {change.replace('_', ' ')}".rstrip()
        pixels = read_all(samples, read, (size, size, 3), title)
        logits = np.log(np.maximum(model.predict(pixels, batch_size=BATCH_SIZE, verbose=0), 1e-7))
        targets = targets_of(samples, logits.shape[1])
        fitted = fitted or calibration.fit(logits, targets, with_bias=False)
        answers = evaluation.Answers(fitted.probabilities(logits))
        for name, value in evaluation.values(test, answers).items():
            found[f"{name} {change}".rstrip()] = value
    return found


def _pixels(
    image: Image.Image, size: int, change: Callable[[Image.Image], Image.Image] | None
) -> np.ndarray:
    return to_pixels(change(image) if change else image, size)
