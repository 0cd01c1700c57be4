"""Say what the description of a trained network means for its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe_model(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a `ModelVersion` by name.

    Args:
        description: the fields of ``model.json``, as they are in the file or in a bundle.
    """
    clinical = description.get("clinical", {})
    return {
        "name": description["name"],
        "version": description["version"],
        "architecture": description["architecture"],
        "sha256": description["sha256"],
        "classes": list(description["classes"]),
        "malignant_classes": list(description["malignant"]),
        "threshold": description["threshold"],
        "operating_point": description["operating_point"],
        "clinical": {name: value for name, value in clinical.items() if name != "calibration"},
        "metrics": description["metrics"],
    }
