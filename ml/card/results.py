"""The sections of a card about what was measured."""

from __future__ import annotations

from typing import Any

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

#: What each test set is, by its name in the metrics.
SETS = {
    "held_out": "Lesions of HAM10000 that were held out, and never used for a choice",
    "de_leaked": "Benign and malignant pictures without a near-duplicate in the training folder",
    "official_split": "The whole test folder, near-duplicates included",
}
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


def measured(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """Return the results of the test sets, by name, in the order of `SETS`."""
    return {name: bundle.metrics[name] for name in SETS if name in bundle.metrics}


def scores(bundle: Bundle, figures: str) -> str:
    """Every test set with its baselines, classes and figures."""
    parts = ["## Results", INTERVALS if measured(bundle) else NOT_MEASURED]
    for name, result in measured(bundle).items():
        pictures = ", ".join(f"{number:,} {label}" for label, number in result["pictures"].items())
        groups = f"{result['groups']:,} lesions or groups of near-duplicates"
        parts.append(f"### {SETS[name]}\n\n`{name}`: {pictures}; {groups}.")
        for part, heading, metrics in (
            ("model", "Malignant against benign, at the threshold of the verdict", MALIGNANT),
            ("melanoma", "Melanoma against everything else, at a probability of 0.5", MALIGNANT),
            ("diagnosis", "Which of the seven, the likeliest counts", DIAGNOSIS),
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
    """Scores by sex, age, site, skin tone and source."""
    parts = [
        "## By group",
        "A group of a few dozen pictures has wide intervals; where they overlap, no difference is "
        "shown. Groups with fewer than 20 pictures are left out. The skin tone is the individual "
        "typology angle of the skin around the lesion, estimated from the picture.",
    ]
    found = {
        (name, kind): groups
        for name, result in measured(bundle).items()
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
    """What masked corners and lost sharpness change."""
    parts = [
        "## Artefacts",
        "In public collections dark corners and sharpness go with the label. A network that leans on "
        "them changes its score when every picture gets dark corners (the area outside the inscribed "
        "circle made black), or when sharp pictures are replaced by their own version in the "
        "resolution of HAM10000's smallest pictures.",
    ]
    found = {name: result for name, result in measured(bundle).items() if result.get("changed")}
    for name, result in found.items():
        columns = {"as they are": result["unchanged"], **result["changed"]}
        parts.append(f"`{name}`\n\n{scored(columns, CHANGED)}")
    return "\n\n".join(parts if found else [*parts, NOT_MEASURED])


def decision(bundle: Bundle) -> str:
    """Calibration, threshold and operating point."""
    calibration, point = bundle.calibration, bundle.operating_point
    formula, where = f"softmax(logits / {calibration['temperature']:.3f})", ""
    if any(calibration["bias"]):
        named = zip(bundle.classes, calibration["bias"], strict=False)
        formula = f"{formula[:-1]} + bias)"
        where = f", with a bias of {', '.join(f'{name} {value:+.2f}' for name, value in named)}"
    origin = (
        "fitted to validation pictures alone"
        if point
        else "as the network gives them: a temperature of 1 and no bias mean that nothing was fitted"
    )
    text = f"""## Calibration and decision

Probabilities are `{formula}`{where}; {origin}.

The verdict is malignant from a malignant probability of {bundle.threshold:g} on."""
    if not point:
        return text + " No other operating point was chosen."
    reached = {"validation, cross-validated": point.get("validation", {})} | {
        f"`{name}`": result["at_operating_point"]
        for name, result in measured(bundle).items()
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


def ablations(bundle: Bundle) -> str:
    """What each choice in training was worth."""
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
