"""These sections of a card tell where the pictures come from, and how they were split."""

from __future__ import annotations

from ml.card.facts import collections, measured_sets
from ml.card.tables import NOT_MEASURED, counts, table, words
from ml.packaging.bundle import Bundle

#: The card writes out why a run drops pictures, by the name that its report gives the reason.
REASONS = {
    "excluded": "Pictures on a list of exclusions were left out.",
    "held_out": "Pictures of a held-out set were left out.",
    "near_duplicate_of_held_out": "Pictures that nearly repeat a held-out one were left out.",
    "same_lesion_as_held_out": "Other views of a held-out lesion were left out.",
    "near_duplicate_with_a_finer_label": "Of two near-duplicates the one with the coarser label was left out.",
    "near_duplicate_of_validation": "Pictures that nearly repeat a validation one were not learnt from.",
    "same_lesion_as_validation": "Other views of a lesion that validates were not learnt from.",
}


def data(bundle: Bundle) -> str:
    """Return the collections with their licences and what their labels rest on."""
    known = collections(bundle.data.get("sources", []))
    held_out = ", ".join(f"`{name}`" for name in bundle.data.get("held_out", [])) or "none"
    headings = ("collection", "licence", "labels", "reference")
    return f"""## Data

{table(headings, known) if known else "The collections are not known."}

Held out for measuring: {held_out}."""


def splits(bundle: Bundle) -> str:
    """Return counts, what was dropped and why, and whether leaks were looked for."""
    report = bundle.data
    if not report:
        return f"## Splits and leaks\n\n{NOT_MEASURED}"
    dropped = {
        reason: numbers
        for reason, numbers in report.get("dropped", {}).items()
        if any(numbers.values())
    }
    rows = [("found", counts(report.get("found", {})))]
    rows += [(f"dropped: {words(reason)}", counts(numbers)) for reason, numbers in dropped.items()]
    rows += [(part, counts(report.get(part, {}))) for part in ("training", "validation")]
    reasons = [
        "Near-duplicates of one picture, and views of one lesion where a collection names lesions, lie on one side of "
        "each split.",
        *(REASONS.get(reason, f"Pictures were left out as {words(reason)}.") for reason in dropped),
    ]
    return f"""## Splits and leaks

{table(("part", "pictures"), rows)}

{" ".join(reasons)}

{_leaks(bundle)}

Fingerprint of the split: `{report.get("fingerprint", "")}`"""


def _leaks(bundle: Bundle) -> str:
    lines = []
    for name, result in measured_sets(bundle).items():
        leaked = result.get("with_near_duplicate_in_training")
        lines.append(
            f"- `{name}`: how many pictures have a near-duplicate among the training pictures was not counted."
            if leaked is None
            else f"- `{name}`: {leaked} of {sum(result['pictures'].values()):,} test pictures have a "
            "near-duplicate among the training pictures."
        )
    return "\n".join(lines) or "No test set was measured."
