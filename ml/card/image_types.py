"""These sections of a card tell how pictures were taken, and how each source is judged."""

from __future__ import annotations

from typing import Any

from ml.card.facts import measured_sets
from ml.card.tables import NOT_MEASURED, estimate, table, words
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES, OTHER

#: A picture is called one of these, see `ml.measuring.image_type_metrics`.
CALLED = (*IMAGE_TYPES, "between")
#: A source whose probabilities are further off than this is said to be badly calibrated.
BADLY_CALIBRATED = 0.1


def image_types(bundle: Bundle) -> str:
    """Return how the network tells dermoscopic pictures from photographs and from other things."""
    title = "## Kinds of picture"
    if not bundle.image_types:
        return (
            f"{title}\n\nIt cannot tell dermoscopic pictures from ordinary photographs of lesions: every "
            "picture that it accepts is judged as a dermoscopic one."
        )
    parts = [
        title,
        "A second output of the network says whether a picture is dermoscopic, an ordinary photograph of a "
        "lesion (clinical), or shows something else. Dermoscopic and clinical pictures are judged each by a "
        "calibration, a threshold and sets of diagnoses of their own; what lies between the two is judged as "
        "clinical pictures are. Pictures of something else are refused, and a site may refuse clinical ones too.",
    ]
    chosen = bundle.image_type_thresholds
    if chosen:
        parts += [
            f"A picture is something else from a probability of {chosen[OTHER]:.3f} on. Of the others it is "
            f"dermoscopic where that is likelier than clinical by {chosen[DERMOSCOPIC]:.3f} to "
            f"{1 - chosen[DERMOSCOPIC]:.3f} or more, and clinical from {chosen[CLINICAL]:.3f} to "
            f"{1 - chosen[CLINICAL]:.3f} down. The thresholds were chosen on validation pictures, so that "
            f"{100 * chosen['accepted']:g} % of the dermoscopic and of the clinical pictures of every source are "
            "called by their name, where that can be.",
            f"**Validation pictures**\n\n{called(chosen['called'])}",
        ]
    parts += [
        f"**`{name}`**\n\n{called(result['screened']['called'])}"
        for name, result in measured_sets(bundle).items()
        if "screened" in result
    ]
    parts += _controls(bundle.metrics.get("screening", {}).get("controls", {}))
    return "\n\n".join(parts if len(parts) > 2 else [*parts, NOT_MEASURED])


def _controls(found: dict[str, Any]) -> list[str]:
    """Return what the network tells the kinds apart by, as far as the controls show it."""
    if not found:
        return []
    regression = found["size, sharpness and surround"]
    rows = [("the network", f"{found['network']:.3f}")]
    rows += [
        (f"the network, every picture {name}", f"{changed['network']:.3f}")
        for name, changed in found["changed"].items()
    ]
    rows.append(
        (
            "a regression on size, sharpness and surround alone",
            f"{regression['balanced_accuracy']:.3f}",
        )
    )
    return [
        "**By what it tells them.** Dermoscopic and clinical pictures of the collections also differ in size, sharpness "
        "and framing. A network that looks at those fails where they are made alike; and where a regression on them "
        "alone does as well, these pictures cannot show what the network looks at.",
        table(("told by", "mean share of both kinds called by their name"), rows),
    ]


def called(domains: dict[str, Any]) -> str:
    """Return a table that says what share of each source is called by each name."""
    rows = (
        (words(name), str(found["pictures"]), *(f"{found[kind]:.3f}" for kind in CALLED))
        for name, found in domains.items()
    )
    headings = ("source", "pictures", *(f"called {kind}" for kind in IMAGE_TYPES), "left open")
    return table(headings, rows)


def reliability(bundle: Bundle) -> str:
    """Return how far the probabilities of malignant are off in each source."""
    title = "## Reliability by source"
    found = bundle.metrics.get("reliability")
    if not found:
        return f"{title}\n\n{NOT_MEASURED}"
    share = found["malignant_share"]
    mix = (
        f"as if {100 * share:g} % of the pictures were malignant, whatever their share in a source"
        if share
        else "with as many malignant pictures as there were"
    )
    fitted = ", ".join(words(name) for name in found["fitted_to"])
    rows = (
        (
            words(name),
            str(scores["pictures"]),
            f"{scores['malignant']:.3f}",
            f"{scores['said']:.3f}",
            _error(scores.get("ece")),
            _error(scores.get("ece_of_mix")),
        )
        for name, scores in found["domains"].items()
    )
    headings = ("source", "pictures", "malignant", "mean probability", "ECE", "ECE of the mix")
    return "\n\n".join(
        [
            title,
            f"The calibration was fitted to validation pictures of {fitted}, {mix}. ECE is the expected calibration "
            "error of benign against malignant; that of the mix weights the pictures of the source to the same share. "
            "Errors of pictures that it was fitted to are cross-validated.",
            table(headings, rows),
            *_warnings(found["domains"]),
        ]
    )


def _error(score: dict[str, Any] | None) -> str:
    return estimate(score) if score else "not enough data"


def _warnings(domains: dict[str, Any]) -> list[str]:
    """Return a sentence about each source whose probabilities cannot be believed."""
    lines = []
    for name, scores in domains.items():
        error = (scores.get("ece_of_mix") or scores.get("ece") or {}).get("value")
        if error is not None and error > BADLY_CALIBRATED:
            lines.append(
                f"**Pictures of {words(name)} are badly calibrated:** the probability is off by {100 * error:.0f} "
                "percentage points on average. Do not read it as a chance there."
            )
    return lines
