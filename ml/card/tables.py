"""The sections of a card are made of these pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

NOT_MEASURED = "This was not measured."
NOT_ENOUGH = "not enough data"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar within a cell is written as a slash, because it would end the cell."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def estimate(score: dict[str, Any] | None) -> str:
    """Return a score with its interval to three decimals."""
    if not score or score["value"] is None:
        return "not defined"
    return f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})"


def of_group(scores: dict[str, Any], metric: str) -> str:
    """Return a score of a group, or that it has none because it holds too few lesions."""
    return estimate(scores[metric]) if metric in scores else NOT_ENOUGH


def counts(numbers: dict[str, int]) -> str:
    """Return how many there are of each name, or that there is none."""
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
    "melanoma_auroc": "AUROC of melanoma",
    "skin_tone": "skin tone, estimated from the picture",
    "skin_tone_class": "skin tone, as it was recorded",
    "image_type": "kind of picture",
    "ham10000": "HAM10000",
    "milk10k": "MILK10k",
    "milk10k/clinical": "MILK10k, clinical",
    "bcn20000": "BCN20000",
    "isic2020": "ISIC 2020",
    "pad_ufes_20/clinical": "PAD-UFES-20, clinical",
    "isic2017": "ISIC 2017",
    "corners_masked": "corners masked",
    "low_resolution": "low resolution",
}
