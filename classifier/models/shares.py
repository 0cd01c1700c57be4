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

    code: str
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
    tenths = {code: 1000 * p for code, p in probabilities.items()}
    shown = {code: int(value) for code, value in tenths.items()}
    by_remainder = sorted(tenths, key=lambda code: shown[code] - tenths[code])
    for code in by_remainder[: round(sum(tenths.values())) - sum(shown.values())]:
        shown[code] += 1
    malignant, found = set(model_version.malignant_classes), []
    for code in sorted(shown, key=lambda code: -tenths[code]):
        name, plain = model_version.explain(code)
        found.append(Share(code, name, shown[code] / 10, code in malignant, plain))
    return found
