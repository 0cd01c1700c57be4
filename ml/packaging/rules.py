"""These rules say what the fields of a ``model.json`` must be, beyond their types."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml.architectures import ARCHITECTURES
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES


def rules_of(values: Mapping[str, Any]) -> dict[str, tuple[bool, str]]:
    """Return, by field, whether its rule holds, and in words what the field must be.

    Args:
        values: the fields, each of the type that `ml.packaging.bundle.Bundle` declares.
    """
    classes, image_types = len(values["classes"]), values.get("image_types", ())
    return {
        "architecture": (values["architecture"] in ARCHITECTURES, f"one of {ARCHITECTURES}"),
        "input_size": (1 <= values["input_size"] <= 1024, "in 1..1024"),
        "malignant": (set(values["malignant"]) < set(values["classes"]), "some of the classes"),
        "calibration": (
            _calibrates(values["calibration"], classes),
            "a temperature above 0 and a bias for each of the network's outputs",
        ),
        "operating_point": (
            not values["operating_point"] or "threshold" in values["operating_point"],
            "empty, or with a threshold",
        ),
        "novelty": (
            not values["novelty"] or {"method", "threshold"} <= values["novelty"].keys(),
            "empty, or with a method and a threshold",
        ),
        "threshold": (0 <= values["threshold"] <= 1, "in 0..1"),
        "weights": (Path(values["weights"]).name == values["weights"], "a plain file name"),
        "image_types": (image_types in ((), IMAGE_TYPES), f"empty, or {IMAGE_TYPES}"),
        "clinical": (
            _is_empty_or_of(image_types, values.get("clinical"), _is_standard, classes),
            "empty, or the calibration, threshold and operating point of a network that tells "
            "image types",
        ),
        "image_type_thresholds": (
            _is_empty_or_of(image_types, values.get("image_type_thresholds"), _parts_image_types),
            "empty, or numbers in 0..1 of a network that tells image types, that of clinical not "
            "above that of dermoscopic",
        ),
    }


def _is_empty_or_of(
    image_types: tuple[str, ...], value: Any, holds: Callable[..., bool], *more: Any
) -> bool:
    return not value or (bool(image_types) and holds(value, *more))


def _is_standard(found: dict[str, Any], classes: int) -> bool:
    return (
        found.keys() == {"calibration", "threshold", "operating_point"}
        and isinstance(found["calibration"], dict)
        and _calibrates(found["calibration"], classes)
        and _is_share(found["threshold"])
        and isinstance(found["operating_point"], dict)
    )


def _parts_image_types(found: dict[str, Any]) -> bool:
    return (
        set(IMAGE_TYPES) <= found.keys()
        and all(_is_share(found[name]) for name in IMAGE_TYPES)
        and found[CLINICAL] <= found[DERMOSCOPIC]
    )


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _calibrates(calibration: dict[str, Any], classes: int) -> bool:
    temperature, bias = calibration.get("temperature"), calibration.get("bias")
    return (
        calibration.keys() == {"temperature", "bias"}
        and isinstance(temperature, int | float)
        and 0 < temperature < math.inf
        and isinstance(bias, list)
        and len(bias) == (1 if classes == 2 else classes)
        and all(isinstance(value, int | float) and math.isfinite(value) for value in bias)
    )
