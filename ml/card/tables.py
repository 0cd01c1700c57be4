"""Pieces of Markdown that the sections of a card are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

NOT_MEASURED = "This was not measured."


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar within a cell would end it, so it is written as a slash."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def estimate(score: dict[str, Any] | None) -> str:
    """Return a score with its interval to three decimals."""
    if not score or score["value"] is None:
        return "not defined"
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"


def counts(numbers: dict[str, int]) -> str:
    """Return how many of each, or that there is none."""
    return ", ".join(f"{number:,} {words(name)}" for name, number in numbers.items()) or "none"


def words(name: str) -> str:
    """Return a metric's or set's name as a person writes it."""
    return SPELT.get(name, name.replace("_", " "))


def scored(columns: dict[str, dict[str, Any]], metrics: Sequence[str]) -> str:
    """Return a table with a line for each metric that was measured and a column for each answer."""
    present = [name for name in metrics if any(name in scores for scores in columns.values())]
    return table(
        ("score", *(words(name) for name in columns)),
        (
            (words(metric), *(estimate(scores.get(metric)) for scores in columns.values()))
            for metric in present
        ),
    )


SPELT = {
    "auroc": "AUROC",
    "ece": "expected calibration error",
    "brier": "Brier score",
    "average_precision": "average precision",
    "sensitivity_at_specificity_80": "sensitivity at specificity 0.80",
    "sensitivity_at_specificity_90": "sensitivity at specificity 0.90",
    "specificity_at_sensitivity_90": "specificity at sensitivity 0.90",
    "specificity_at_sensitivity_95": "specificity at sensitivity 0.95",
    "in_first_two": "true diagnosis among the first two",
    "nearest_neighbour": "1-nearest neighbour",
    "nearest_neighbours": "nearest neighbours",
    "mahalanobis": "Mahalanobis distance",
    "outlier_exposure": "outlier exposure",
    "ham10000": "HAM10000",
    "isic2017": "ISIC 2017",
    "corners_masked": "corners masked",
    "low_resolution": "low resolution",
}
