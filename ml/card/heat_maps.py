"""This section of a card tells where the network looks."""

from __future__ import annotations

from ml.card.tables import NOT_MEASURED, estimate, table
from ml.packaging.bundle import Bundle

METHODS = {
    "one_step": "gradient times difference from a blurred copy (served)",
    "integrated_gradients": "integrated gradients, 16 steps",
    "grad_cam": "Grad-CAM",
    "hires_cam": "HiResCAM",
    "centre_blob": "a blob in the middle of every picture",
}
SCORES = ("deletion", "insertion", "inside")


def heat_maps(bundle: Bundle) -> str:
    """Return what is drawn, and whether it shows what the answer rests on."""
    title = "## Heat maps"
    found = bundle.metrics.get("explanation")
    if not found:
        return f"{title}\n\n{NOT_MEASURED}"
    measured = found["methods"]
    rows = (
        (title, *(estimate(measured[name][score]) for score in SCORES))
        for name, title in METHODS.items()
        if name in measured
    )
    return f"""{title}

A heat map shows which places of the picture speak for malignant. It was measured on {found["pictures"]:,} validation pictures.
Deletion: the hottest places are blurred away first, and the malignant probability should fall at once (area under its
curve, low is good). Insertion: they are given back to a blurred picture first (high is good). Inside: the share of heat
within the lesion, on the {found["clear"]:,} pictures where its outline is clear ({found["segmentation"]}).

{table(("method", "deletion", "insertion", "inside"), rows)}

A network need not look at the lesion alone to be right, and a map that lies within it proves nothing: it is a hint at what
the answer rests on, not an outline of disease."""
