"""The model card of a bundle says what it is for, learnt from, reaches, and does not know.

It follows Mitchell et al., "Model cards for model reporting", arXiv 1810.03993. Every figure comes
from the bundle, and the card says so where something was not measured.
"""

from __future__ import annotations

from ml.card import abstention, checklists, data, image_types, model, results
from ml.card.heat_maps import heat_maps
from ml.packaging.bundle import Bundle


def render(bundle: Bundle, figures: str = "figures") -> str:
    """Return the card as Markdown.

    Args:
        bundle: the model, with the metrics that were recorded in it.
        figures: address to which the file names of the figures are appended.
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
