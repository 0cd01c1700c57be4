"""Count what an answer means: how many people who get it have a malignant lesion.

Bayes' theorem gives this from how often the network gives the answer to malignant and to benign
lesions, and from how common malignant ones are. Gigerenzer & Hoffrage say why to count people ("How
to improve Bayesian reasoning without instruction: frequency formats", Psychological Review 1995).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

#: What an answer means is shown for one malignant lesion in this many.
BASE_RATES = (10, 100, 1000)
#: The drawing has this many people, and so many of them stand in a row.
PEOPLE, COLUMNS = 1000, 40


class PredictiveValue(NamedTuple):
    """Says how many of `PEOPLE` who get an answer have a malignant lesion.

    ``low`` and ``high`` come from the least and the most favourable case of both measured rates,
    each within its 95 % interval. This is more cautious than a 95 % interval of the number itself.
    """

    one_in: int
    malignant: float
    low: float
    high: float

    @property
    def before(self) -> int:
        """Return how many of `PEOPLE` have a malignant lesion, before the answer is known."""
        return round(PEOPLE / self.one_in)

    @property
    def drawn(self) -> int:
        """Return how many people are drawn as malignant."""
        return round(self.malignant)

    @property
    def full_rows(self) -> int:
        return self.drawn // COLUMNS

    @property
    def next_row(self) -> int:
        return self.full_rows + 1

    @property
    def in_next_row(self) -> int:
        return self.drawn % COLUMNS


def measured_coverage(metrics: Mapping[str, Any]) -> float | None:
    """Return the coverage that the verdicts on one test set were measured at."""
    return metrics.get("verdicts", {}).get("plain", {}).get("promised")


def rates_of(metrics: Mapping[str, Any], verdict: str, *, is_averaged: bool) -> dict[str, Any]:
    """Return how often a verdict is given to malignant and to benign lesions, with intervals.

    Args:
        metrics: of one test set.
        verdict: benign, malignant or uncertain.
        is_averaged: whether the answer is the mean over the picture's symmetries.

    Returns:
        The rates are empty where this was not measured.
    """
    answer = "averaged" if is_averaged else "plain"
    return metrics.get("verdicts", {}).get(answer, {}).get("rates", {}).get(verdict, {})


def rates_without_uncertain(metrics: Mapping[str, Any], verdict: str) -> dict[str, Any]:
    """Return the rates of `rates_of` for a network that knows only two verdicts.

    They follow from its sensitivity and specificity.
    """
    scores = metrics.get("model", {})
    if not {"sensitivity", "specificity"} <= scores.keys():
        return {}
    rates = {"malignant": scores["sensitivity"], "benign": _complement(scores["specificity"])}
    if verdict == "malignant":
        return rates
    return {kind: _complement(rate) for kind, rate in rates.items()}


def _complement(rate: Mapping[str, float]) -> dict[str, float]:
    return {"value": 1 - rate["value"], "low": 1 - rate["high"], "high": 1 - rate["low"]}


def predictive_values(rates: Mapping[str, Mapping[str, float]]) -> list[PredictiveValue]:
    """Return what an answer means at every one of `BASE_RATES`.

    Args:
        rates: of ``malignant`` and ``benign`` lesions that get the answer: ``value``, ``low`` and
            ``high``, each in 0..1.

    Returns:
        The list is empty where the answer was never given.
    """
    malignant, benign = rates["malignant"], rates["benign"]
    if not malignant["value"] and not benign["value"]:
        return []
    return [
        PredictiveValue(
            one_in,
            _share(one_in, malignant["value"], benign["value"]),
            _share(one_in, malignant["low"], benign["high"]),
            _share(one_in, malignant["high"], benign["low"]),
        )
        for one_in in BASE_RATES
    ]


def _share(one_in: int, of_malignant: float, of_benign: float) -> float:
    answered = of_malignant + (one_in - 1) * of_benign
    return PEOPLE * of_malignant / answered if answered else 0.0
