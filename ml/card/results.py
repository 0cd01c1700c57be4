"""The sections of a card about what was measured."""

from __future__ import annotations

from typing import Any

from ml.card.facts import is_calibrated, measured_sets
from ml.card.tables import NOT_MEASURED, estimate, scored, table, words
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSES

MALIGNANT = (
    "auroc",
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "sensitivity_at_specificity_80",
    "sensitivity_at_specificity_90",
    "specificity_at_sensitivity_90",
    "specificity_at_sensitivity_95",
    "ece",
    "brier",
)
DIAGNOSIS = ("balanced_accuracy", "accuracy", "in_first_two", "ece", "brier")
BY_CLASS = ("auroc", "sensitivity", "precision")
HEADLINE = ("auroc", "sensitivity", "specificity", "accuracy", "ece")
CHANGED = (*HEADLINE, "diagnosis_accuracy", "diagnosis_balanced_accuracy")

FIGURES = {
    "roc": "ROC curves: sensitivity against the share of the others called positive.",
    "precision-recall": "Precision against sensitivity; dotted, the share of positives.",
    "reliability": "Share that is positive against the probability the model gives.",
    "confusion": "Confusion matrix: rows are the true diagnoses, columns what they were called.",
}
INTERVALS = (
    "In brackets the 95 % interval of a bootstrap that draws whole lesions with their "
    "near-duplicates."
)


def scores(bundle: Bundle, figures: str) -> str:
    """Return every test set with its baselines, classes and figures."""
    parts = ["## Results", INTERVALS if measured_sets(bundle) else NOT_MEASURED]
    for name, result in measured_sets(bundle).items():
        pictures = ", ".join(f"{number:,} {label}" for label, number in result["pictures"].items())
        title = result.get("title") or words(name).capitalize()
        groups = f"{result['groups']:,} lesions or groups of near-duplicates"
        parts.append(f"### {title}\n\n`{name}`: {pictures}; {groups}.")
        for part, heading, metrics in (
            ("model", "Malignant against benign, at the threshold of the verdict", MALIGNANT),
            ("melanoma", "Melanoma against everything else, at a probability of 0.5", MALIGNANT),
            ("diagnosis", _which(result), DIAGNOSIS),
        ):
            if part in result:
                answers = {"this model": result[part]} | {
                    other: found.get(part, found)
                    for other, found in result.get("baselines", {}).items()
                    if part in found or (part == "model" and "accuracy" in found)
                }
                parts.append(f"**{heading}**\n\n{scored(answers, metrics)}")
        if "by_class" in result:
            parts.append(f"**By diagnosis**\n\n{_by_class(result['by_class'])}")
        parts += _images(bundle, name, figures)
    return "\n\n".join(parts)


def _which(result: dict[str, Any]) -> str:
    return f"Which of the {len(result.get('confusion', []))} diagnoses, the likeliest counts"


def _by_class(found: dict[str, Any]) -> str:
    names = {diagnosis.code: diagnosis.name for diagnosis in DIAGNOSES}
    return table(
        ("diagnosis", "pictures", *(words(metric) for metric in BY_CLASS)),
        (
            (
                f"{names[code]} ({code})",
                str(result["pictures"]),
                *(estimate(result[metric]) for metric in BY_CLASS),
            )
            for code, result in found.items()
        ),
    )


def _images(bundle: Bundle, name: str, figures: str) -> list[str]:
    prefix = name.replace("_", "-")
    return [
        f"![{words(name).capitalize()}. {alt}]({figures}/{prefix}-{figure}.png)"
        for figure, alt in FIGURES.items()
        if (bundle.report_directory / f"{prefix}-{figure}.png").exists()
    ]


def subgroups(bundle: Bundle) -> str:
    """Return scores by sex, age, site, skin tone and source."""
    parts = [
        "## By group",
        "A group of a few dozen pictures has wide intervals; where they overlap, no difference is "
        "shown. Groups with fewer than 20 pictures are left out. The skin tone is the individual "
        "typology angle of the skin around the lesion, estimated from the picture.",
    ]
    found = {
        (name, kind): groups
        for name, result in measured_sets(bundle).items()
        for kind, groups in result.get("subgroups", {}).items()
        if groups
    }
    for (name, kind), groups in found.items():
        rows = (
            (group, str(result["pictures"]), *(estimate(result.get(m)) for m in HEADLINE))
            for group, result in groups.items()
        )
        headings = ("group", "pictures", *(words(metric) for metric in HEADLINE))
        parts.append(f"**{words(kind).capitalize()}** (`{name}`)\n\n{table(headings, rows)}")
    return "\n\n".join(parts if found else [parts[0], NOT_MEASURED])


def artefacts(bundle: Bundle) -> str:
    """Return what masked corners and lost sharpness change."""
    parts = [
        "## Artefacts",
        "In public collections dark corners and sharpness go with the label. A network that leans on "
        "them changes its score when every picture gets dark corners (the area outside the inscribed "
        "circle made black), or when sharp pictures are replaced by their own version in a low "
        "resolution.",
    ]
    found = {
        name: result for name, result in measured_sets(bundle).items() if result.get("changed")
    }
    for name, result in found.items():
        columns = {"as they are": result["unchanged"], **result["changed"]}
        parts.append(f"`{name}`\n\n{scored(columns, CHANGED)}")
    return "\n\n".join(parts if found else [parts[0], NOT_MEASURED])


def decision(bundle: Bundle) -> str:
    """Return calibration, threshold and operating point."""
    point = bundle.operating_point
    text = f"""## Calibration and decision

{_calibration(bundle)}

The verdict is malignant from a malignant probability of {bundle.threshold:g} on."""
    if not point:
        return text + " No other operating point was chosen."
    reached = {"validation, cross-validated": point.get("validation", {})} | {
        f"`{name}`": result["at_operating_point"]
        for name, result in measured_sets(bundle).items()
        if "at_operating_point" in result
    }
    rows = (
        (name, estimate(scores.get("sensitivity")), estimate(scores.get("specificity")))
        for name, scores in reached.items()
    )
    return f"""{text} Missing a malignant lesion costs more than a needless
visit, so there is a second threshold: from {point["threshold"]:.3f} on, the network found {100 * point["sensitivity"]:.0f} % of
the malignant lesions among {point["pictures"]:,} validation pictures. Between the two the site says benign, and that a doctor
should have a look.

{table(("at the second threshold", "sensitivity", "specificity"), rows)}"""


def _calibration(bundle: Bundle) -> str:
    function = "sigmoid" if bundle.logits == 1 else "softmax"
    if not is_calibrated(bundle):
        return f"Probabilities are `{function}(logits)`, as the network gives them: nothing was fitted."
    bias = bundle.calibration["bias"]
    scaled = f"logits / {bundle.calibration['temperature']:.3f}"
    if not any(bias):
        return f"Probabilities are `{function}({scaled})`, fitted to validation pictures alone."
    names = bundle.malignant if bundle.logits == 1 else bundle.classes
    values = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, bias, strict=True))
    return (
        f"Probabilities are `{function}({scaled} + bias)`, with a bias of {values}, fitted to validation "
        "pictures alone."
    )


def ablations(bundle: Bundle) -> str:
    """Return what each choice in training was worth."""
    found = bundle.metrics.get("ablations")
    if not found:
        return f"## Choices in training\n\n{NOT_MEASURED}"
    metrics = list(found["rows"][0]["scores"])
    rows = (
        (row["changed"], *(f"{row['scores'][metric]:.3f}" for metric in metrics))
        for row in found["rows"]
    )
    return f"""## Choices in training

{found["title"]}. Short runs are noisy: a difference of one or two hundredths says little.

{table(("changed", *(words(metric) for metric in metrics)), rows)}

    {found["command"]}"""
