"""Reject pictures that a network saw but should not judge: of other things, or another kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml.judging.quality import Problem
from ml.taxonomy import DERMOSCOPIC, IMAGE_TYPES, OTHER

if TYPE_CHECKING:
    from ml.judging.predictor import Examination, Predictor


@dataclass(frozen=True)
class Rejection:
    """Says why a picture gets no answer.

    Attributes:
        problem: what is wrong with it.
        detail: what was measured, for an engineer.
        values: what the person who sent it in is told with the problem, by name: the
            ``smallest_side`` in pixels that a picture must have, or ``dermoscopy_alone`` where the
            network knows no other kind of picture.
    """

    problem: Problem
    detail: str
    values: Mapping[str, float] = field(default_factory=dict)


def reject(
    predictor: Predictor, examination: Examination, *, clinical_pictures: bool
) -> list[Rejection | None]:
    """Return for every picture why it gets no answer, or None.

    Args:
        predictor: the network.
        examination: examination of the pictures.
        clinical_pictures: see `ml.judging.analysis.AnalysisSettings`.
    """
    by_type = _reject_type(predictor, examination, clinical_pictures)
    strange = _reject_strange(predictor, examination)
    # A picture that shows something else and was taken otherwise is told the former.
    return [
        other if other and (typed is None or typed.problem is Problem.CLINICAL_PICTURE) else typed
        for typed, other in zip(by_type, strange, strict=True)
    ]


def _reject_type(
    predictor: Predictor, examination: Examination, clinical_pictures: bool
) -> list[Rejection | None]:
    probabilities = examination.image_types
    if not probabilities.shape[1]:
        return [None] * len(probabilities)

    def rejection(name: str | None, row: list[float]) -> Rejection | None:
        measured = ", ".join(
            f"{kind} {share:.3f}" for kind, share in zip(IMAGE_TYPES, row, strict=True)
        )
        if name == OTHER:
            return Rejection(Problem.NOT_DERMOSCOPY, measured)
        if name != DERMOSCOPIC and not clinical_pictures:
            return Rejection(Problem.CLINICAL_PICTURE, measured)
        return None

    told = predictor.tell(probabilities)
    return [rejection(*found) for found in zip(told, probabilities.tolist(), strict=True)]


def _reject_strange(predictor: Predictor, examination: Examination) -> list[Rejection | None]:
    strangeness = predictor.strangeness(examination)
    if strangeness is None:
        return [None] * len(examination.logits)
    threshold = predictor.bundle.novelty["threshold"]
    values = {} if predictor.bundle.image_types else {"dermoscopy_alone": True}
    return [
        # Written as "accepted if at most", because a score that is no number must be rejected.
        None
        if score <= threshold
        else Rejection(
            Problem.NOT_DERMOSCOPY, f"strangeness {score:.2f}, accepted {threshold:.2f}", values
        )
        for score in strangeness
    ]
