"""These sections of a card tell when no answer is given, or only an uncertain one."""

from __future__ import annotations

from typing import Any

from ml.card.facts import collection_of, measured_sets
from ml.card.results import CHANGED
from ml.card.tables import NOT_MEASURED, estimate, scored, table, words
from ml.packaging.bundle import Bundle

#: The card calls the two ways to answer by these names, see `ml.judging.limits`.
ANSWERS = {"plain": "one look", "averaged": "mean over eight symmetries"}
LAYERS = {"middle": "means of the middle layers", "last": "last layer", "": "logits"}


def screening(bundle: Bundle) -> str:
    """Return which pictures are refused, how strange ones are told, and what both are worth."""
    title = "## Pictures it refuses"
    found, novelty = bundle.metrics.get("screening"), bundle.novelty
    if not found:
        return f"{title}\n\n{NOT_MEASURED}"
    parts = [
        title,
        "Before the network, `ml/judging/quality.py` looks for pictures that are too small, dark, bright, "
        "flat or blurred, mostly black, or without a lesion. Its limits were chosen on validation "
        "pictures, and on copies of them that were spoilt by measured amounts.",
    ]
    if novelty:
        parts += [
            f"Then the network tells what it does not know. Compared on "
            f"{novelty['real']:,} validation pictures and {novelty['strange']:,} of other things, "
            f"with each threshold set to accept {100 * novelty['accepted']:g} % of the real pictures of each source; "
            f"{_served(bundle)} Outlier exposure "
            f"learns from {novelty['exposed']:,} more pictures of other things.",
            _compared(novelty["compared"]),
        ]
    accepted = (
        (f"real: {words(name)}", estimate(score)) for name, score in found["accepted"].items()
    )
    rejected = ((name, estimate(score)) for name, score in found["rejected"].items())
    degraded = (
        (
            name,
            words(change["expected"]),
            estimate(change["right"]),
            estimate(change["rejected"]),
        )
        for name, change in found["degraded"].items()
    )
    parts += [
        f"{_measured_on(bundle)}In brackets Wilson's 95 % interval.",
        table(("pictures", "accepted"), accepted),
        table(("pictures", "rejected"), rejected),
        table(("real pictures, spoilt", "problem", "named rightly", "rejected"), degraded),
    ]
    return "\n\n".join(parts)


def _served(bundle: Bundle) -> str:
    """Return the method by which strange pictures are refused."""
    novelty = bundle.novelty
    if novelty["method"] is None:
        return "its second output, which tells kinds of picture, is used alone."
    used = f"`{novelty['method']}` is used, from {novelty['threshold']:.2f} on"
    if bundle.image_types:
        return f"{used}, beside the second output, which tells kinds of picture."
    return f"{used}."


def _compared(ways: list[dict[str, Any]]) -> str:
    """Return a table of the ways to tell strange pictures, alone and beside the second output."""
    has_both = any("both_rejected" in way for way in ways)
    headings = ("score", "features", "AUROC", "others rejected")
    more = ("rejected by either", "real accepted by both") if has_both else ()
    rows = (
        (
            words(way["method"]).capitalize(),
            LAYERS[way["layers"]],
            f"{way['auroc']:.4f}",
            f"{way['rejected']:.3f}",
            *(
                f"{way[name]:.3f}" if name in way else "its own"
                for name in (("both_rejected", "both_accepted") if has_both else ())
            ),
        )
        for way in ways
    )
    return table((*headings, *more), rows)


def _measured_on(bundle: Bundle) -> str:
    """Return which pictures were looked at, as far as the names of the held-out sets tell it."""
    held_out = {collection_of(name) for name in bundle.data.get("held_out", [])}
    if not held_out:
        return ""
    others = [
        words(name)
        for name in bundle.metrics["screening"]["accepted"]
        if collection_of(name) not in held_out
    ]
    rest = f", and of validation pictures of {', '.join(others)}" if others else ""
    return f"The shares are those of held-out pictures{rest}. "


def verdicts(bundle: Bundle) -> str:
    """Return what the sets of diagnoses hold, and what the third verdict costs and buys."""
    title = "## Sets of diagnoses, and not being sure"
    parts = [title]
    for name, result in measured_sets(bundle).items():
        answers = result.get("verdicts", {})
        if not answers:
            continue
        columns = {ANSWERS[answer]: _flat(found) for answer, found in answers.items()}
        metrics = list(dict.fromkeys(key for column in columns.values() for key in column))
        parts.append(f"`{name}`\n\n{scored(columns, metrics)}")
    if len(parts) == 1:
        return f"{title}\n\n{NOT_MEASURED}"
    promised = next(
        found["promised"]
        for result in measured_sets(bundle).values()
        for found in result.get("verdicts", {}).values()
    )
    parts.insert(
        1,
        f"Every answer carries the diagnoses that hold the true one with {100 * promised:g} % "
        "coverage, promised for malignant and for benign lesions apart (split conformal prediction "
        "by class group, `ml/judging/conformal.py`, calibrated on validation lesions). Where the set holds "
        "both kinds, the verdict is uncertain. A group as small as one diagnosis cannot be promised "
        "anything to two hundredths: the coverage of each is measured, not promised.",
    )
    return "\n\n".join(parts)


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    scores = {
        f"coverage, {words(name)}": score for name, score in found.get("coverage", {}).items()
    }
    scores["diagnoses in a set"] = found["set_size"]
    scores["uncertain"] = found["uncertain"]
    scores["accuracy of all answers"] = found["accuracy"]
    scores["accuracy of those that are not uncertain"] = found["accuracy_answered"]
    for verdict, kinds in found["rates"].items():
        for kind, score in kinds.items():
            scores[f"{kind} lesions called {verdict}"] = score
    return scores


def symmetries(bundle: Bundle) -> str:
    """Return what the mean over the eight symmetries of a picture buys."""
    parts = [
        "## Eight looks instead of one",
        "A picture turned and mirrored is the same lesion. The mean over its eight symmetries can "
        "be served instead of one look, with its spread; it takes the network eight times the "
        "work (`make bench` measures it), and is off unless the site switches it on.",
    ]
    found = {
        name: result for name, result in measured_sets(bundle).items() if result.get("averaged")
    }
    for name, result in found.items():
        columns = {ANSWERS["plain"]: result["unchanged"], ANSWERS["averaged"]: result["averaged"]}
        parts.append(f"`{name}`\n\n{scored(columns, CHANGED)}")
    return "\n\n".join(parts if found else [parts[0], NOT_MEASURED])
