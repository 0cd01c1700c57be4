"""The model card of a bundle: what it is for, learnt from, reaches, and does not know.

After Mitchell et al., "Model cards for model reporting", arXiv 1810.03993. Every figure comes from
the bundle; what was not measured is said to be so.
"""

from __future__ import annotations

from ml.card import abstention, checklists, data, image_types, model, results
from ml.card.heat_maps import heat_maps
from ml.packaging.bundle import Bundle


def render(bundle: Bundle, figures: str = "figures") -> str:
    """Return the card as Markdown.

    Args:
        bundle: the model, with the metrics that were recorded in it.
        figures: address that the figures' file names are appended to.
    """
    sections = (
        model.title(bundle),
        model.use(bundle),
        model.network(bundle),
        data.data(bundle),
        data.splits(bundle),
        results.scores(bundle, figures),
        results.subgroups(bundle),
        results.artefacts(bundle),
        results.decision(bundle),
        image_types.reliability(bundle),
        image_types.image_types(bundle),
        abstention.verdicts(bundle),
        abstention.screening(bundle),
        abstention.symmetries(bundle),
        heat_maps(bundle),
        results.ablations(bundle),
        model.failures(bundle),
        model.limits(bundle),
        model.identity(bundle),
        checklists.tripod_ai(bundle),
        checklists.clear_derm(bundle),
    )
    return "\n\n".join(section.strip() for section in sections if section) + "\n"
