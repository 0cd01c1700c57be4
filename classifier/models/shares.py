"""Turn probabilities into percent for a person, rounded so that they sum to 100."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from classifier.models.model_version import ModelVersion


class Share(NamedTuple):
    """Holds one line of probabilities.

    ``percent`` has one decimal. ``plain`` explains the answer, or is empty.
    """

    name: str
    percent: float
    is_malignant: bool
    plain: str = ""


def shares(probabilities: Mapping[str, float], model_version: ModelVersion) -> list[Share]:
    """Return every answer in percent, largest first, rounded so that they sum to 100.

    They are rounded by largest remainders (Hamilton's method), since a sum of numbers that are
    rounded one by one may be 100.1 %.

    Args:
        probabilities: of each class, in 0..1; they sum to 1.
        model_version: whose classes they are.
    """
    tenths = {name: 1000 * p for name, p in probabilities.items()}
    shown = {name: int(value) for name, value in tenths.items()}
    by_remainder = sorted(tenths, key=lambda name: shown[name] - tenths[name])
    for name in by_remainder[: round(sum(tenths.values())) - sum(shown.values())]:
        shown[name] += 1
    malignant, known = set(model_version.malignant_classes), model_version.diagnoses
    return [
        Share(
            known.get(name, {}).get("name", name),
            shown[name] / 10,
            name in malignant,
            known.get(name, {}).get("plain", ""),
        )
        for name in sorted(shown, key=lambda name: -tenths[name])
    ]
