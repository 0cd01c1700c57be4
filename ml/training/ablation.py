"""Ablations tell what each choice in training is worth on a source that was not learnt from.

The same short run is made with one choice changed at a time. Each of these runs is made with one
source left out at a time, and the choice is scored on that source. So a choice that only helps on
the sources it was learnt from does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.selection import Selection
from ml.training import loop, runs
from ml.training.runs import TrainingSettings
from ml.training.variants import VARIANTS

#: A left-out source is scored by these, where its labels allow it.
SCORES = ("malignant_auroc", "melanoma_auroc", "image_type_accuracy")


def run(
    settings: TrainingSettings,
    select_without: Callable[[str], Selection],
    directory: Path,
    left_out: Sequence[str],
    variants: Sequence[str],
) -> list[dict[str, Any]]:
    """Train every variant without each source, or go on with it, and score it there.

    Args:
        settings: settings of the run that the variants change.
        select_without: function that returns the pictures for a run without a source.
        directory: directory for the runs, with one sub-directory each.
        left_out: the sources to leave out in turn.
        variants: names in `ml.training.variants.VARIANTS`.

    Returns:
        For each variant its ``name``, what it ``changed``, and its ``scores`` after the last
        round, by score and the domain that was left out.
    """
    selections = {source: select_without(source) for source in left_out}
    rows = []
    for name in variants:
        changed, changes = VARIANTS[name]
        scores: dict[str, float] = {}
        for source, selection in selections.items():
            output = directory / f"{name}-without-{source}"
            loop.train(
                replace(settings, shares=_shares_without(settings, source), **changes),
                selection,
                output,
            )
            scores |= _scores(runs.read_history(output)[-1]["domains"], source)
        rows.append({"name": name, "changed": changed, "scores": scores})
    return rows


def _shares_without(settings: TrainingSettings, source: str) -> dict[str, float] | None:
    if settings.shares is None:
        return None
    return {
        domain: share
        for domain, share in settings.shares.items()
        if domain.partition("/")[0] != source
    }


def _scores(domains: dict[str, dict[str, float]], source: str) -> dict[str, float]:
    return {
        f"{score}, {domain} left out": found[score]
        for domain, found in domains.items()
        if domain.partition("/")[0] == source
        for score in SCORES
        if score in found
    }
