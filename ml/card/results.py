"""These sections of a card tell what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ml.card.facts import is_calibrated, measured_sets
from ml.card.tables import NOT_MEASURED, estimate, of_group, scored, table, words
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
HEADLINE = ("auroc", "melanoma_auroc", "sensitivity", "specificity", "accuracy", "ece")
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
        parts += _judged(result)
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


def _judged(result: dict[str, Any]) -> list[str]:
    """Return what share of the pictures is judged at all, and how the judged ones score."""
    found = result.get("screened")
    if not found:
        return []
    rejected = ", ".join(
        f"{number:,} as {words(problem)}" for problem, number in found["problems"].items()
    )
    shares = ", ".join(
        f"{estimate(share)} of {'the pictures' if name == 'all' else f'the {name} ones'}"
        for name, share in found["judged"].items()
        if share["value"] is not None
    )
    columns = {"all pictures": result["unchanged"], "those that are judged": found["scores"]}
    return [
        f"Judged are {shares}. Rejected are {rejected or 'none'}. The scores below are of all pictures: a rejected "
        "one counts by the answer that a clinician gets who overrules that.",
        scored(columns, CHANGED),
    ]


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
                *(of_group(result, metric) for metric in BY_CLASS),
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
    """Return scores by sex, age, site, skin tone, kind of picture, diagnosis and source."""
    found = {
        (name, kind): groups
        for name, result in measured_sets(bundle).items()
        for kind, groups in result.get("subgroups", {}).items()
        if groups
    }
    if not found:
        return f"## By group\n\n{NOT_MEASURED}"
    few = (
        "A group with fewer than 30 malignant lesions (of a diagnosis: 30 lesions) has no scores."
        if any("lesions" in scores for groups in found.values() for scores in groups.values())
        else "Groups with fewer than 20 pictures are left out."
    )
    parts = [
        "## By group",
        "A group of a few dozen pictures has wide intervals; where they overlap, no difference is "
        f"shown. {few} The estimated skin tone is the individual typology angle of the skin around the "
        "lesion in the picture.",
    ]
    for (name, kind), groups in found.items():
        parts.append(f"**{_capital(words(kind))}** (`{name}`)\n\n{_groups(groups)}")
    return "\n\n".join(parts)


def _groups(groups: dict[str, Any]) -> str:
    has_judged = any("judged" in scores for scores in groups.values())
    metrics = [name for name in HEADLINE if any(name in scores for scores in groups.values())]
    shown = metrics or list(HEADLINE)
    rows = (
        (
            words(group),
            str(scores["pictures"]),
            *((str(scores["lesions"]), estimate(scores["judged"])) if has_judged else ()),
            *(of_group(scores, metric) for metric in shown),
        )
        for group, scores in groups.items()
    )
    counted = ("pictures", "lesions that count", "judged") if has_judged else ("pictures",)
    return table(("group", *counted, *(words(metric) for metric in shown)), rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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
    """Return calibration, threshold and operating point, of each kind of picture."""
    reached = {
        f"`{name}`": result["at_operating_point"]
        for name, result in measured_sets(bundle).items()
        if "at_operating_point" in result
    }
    if not bundle.clinical:
        return f"## Calibration and decision\n\n{_decision(bundle, reached)}"
    parts = [
        "## Calibration and decision",
        f"**Dermoscopic pictures.** {_decision(bundle, {})}",
        f"**Clinical pictures.** {_decision(replace(bundle, **bundle.clinical), {})}",
    ]
    if reached:
        # A test set may hold both kinds, so its scores belong to neither.
        parts.append(
            "**Test sets.** Each picture counts by the second threshold of the kind that it is "
            f"judged as.\n\n{_at_second_threshold(reached)}"
        )
    return "\n\n".join(parts)


def _decision(bundle: Bundle, reached: dict[str, Any]) -> str:
    point = bundle.operating_point
    text = f"""{_calibration(bundle)}

The verdict is malignant from a malignant probability of {bundle.threshold:g} on."""
    if not point:
        return text + " No other operating point was chosen."
    rows = {"validation, cross-validated": point.get("validation", {})} | reached
    return f"""{text} Missing a malignant lesion costs more than a needless
visit, so there is a second threshold: from {point["threshold"]:.3f} on, the network found {100 * point["sensitivity"]:.0f} % of
the malignant lesions among {point["pictures"]:,} validation pictures. Between the two the site says benign, and that a doctor
should have a look.

{_at_second_threshold(rows)}"""


def _at_second_threshold(found: dict[str, Any]) -> str:
    rows = (
        (name, estimate(scores.get("sensitivity")), estimate(scores.get("specificity")))
        for name, scores in found.items()
    )
    return table(("at the second threshold", "sensitivity", "specificity"), rows)


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
