from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.db.models.functions import Left

from classifier.models.model_version import LARGE_FIELDS, ScoredSet
from classifier.models.observed import ImageType
from classifier.models.predictive_value import (
    PredictiveValue,
    measured_coverage,
    predictive_values,
    rates_of,
    rates_without_uncertain,
)
from classifier.models.result import JUDGED_AS, Result, Verdict
from classifier.models.shares import Share, shares
from classifier.sentences.colours import name_colour
from classifier.sentences.diagnoses import explain_class

#: Diagnoses that have fewer percent are shown on request only.
LIKELY_PERCENT = 1.0


class Asymmetry(NamedTuple):
    """Says how many percent of the lesion's area have no mirror image, about each axis."""

    long_axis: int
    short_axis: int


def heat_map_path(*_: object) -> str:
    """Return a name that says nothing of the picture or its owner, in one of 256 folders."""
    name = uuid.uuid4().hex
    return f"{name[:2]}/{name}.png"


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def with_model_version(self) -> PredictionQuerySet:
        """Load the model version in the same query, without its large fields."""
        large = (f"model_version__{field}" for field in LARGE_FIELDS)
        return self.select_related("model_version").defer(*large)


class Prediction(Result):
    """Keeps one model version's result about one submission. Once made, it never changes."""

    submission = models.ForeignKey(
        "classifier.Submission", on_delete=models.CASCADE, related_name="predictions"
    )
    model_version = models.ForeignKey(
        "classifier.ModelVersion", on_delete=models.PROTECT, related_name="predictions"
    )
    heat_map = models.FileField(
        upload_to=heat_map_path, blank=True, help_text="Where the network looked."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(Left("heat_map", 2), name="prediction_heat_map_folder"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "model_version"], name="prediction_once_per_model_version"
            ),
            models.CheckConstraint(
                condition=Q(malignant_probability__gte=0, malignant_probability__lte=1),
                name="prediction_malignant_probability",
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="prediction_confidence"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="prediction_verdict"
            ),
            models.CheckConstraint(
                condition=Q(judged_as__in=[kind.value for kind in JUDGED_AS]),
                name="prediction_judged_as",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} ({self.confidence_percent} %)"

    @property
    def is_malignant(self) -> bool:
        return self.verdict == Verdict.MALIGNANT

    @property
    def is_uncertain(self) -> bool:
        return self.verdict == Verdict.UNCERTAIN

    @property
    def leans_malignant(self) -> bool:
        """Return whether the network would say malignant if it had to choose."""
        return self.malignant_probability >= self.threshold

    @property
    def is_from_a_photograph(self) -> bool:
        """Return whether the picture was judged as one that was taken without a dermoscope."""
        return self.judged_as == ImageType.CLINICAL

    @property
    def threshold(self) -> float:
        """Return the threshold for pictures of this kind.

        They are called malignant from this malignant probability on.
        """
        return self.model_version.standard_of(self.judged_as).threshold

    @property
    def threshold_percent(self) -> int:
        return round(100 * self.threshold)

    @property
    def operating_point(self) -> dict[str, Any]:
        """Return the malignant probability from which on pictures of this kind deserve a look."""
        return self.model_version.standard_of(self.judged_as).operating_point

    @property
    def appearance(self) -> str:
        """Return the word that decides the icon and the colour of the answer."""
        return "look" if self.deserves_a_look else self.verdict

    @property
    def confidence_percent(self) -> float:
        """Return the confidence in percent, as the breakdown shows it."""
        malignant = self.leans_malignant if self.is_uncertain else self.is_malignant
        return next(share.percent for share in self.breakdown if share.is_malignant == malignant)

    @cached_property
    def breakdown(self) -> list[Share]:
        """Return benign and malignant in percent, the larger first.

        Each is the sum of its diagnoses in the differential.
        """
        sums = [
            Share(
                verdict.value,
                explain_class(verdict.value, {}).name,
                round(sum(s.percent for s in self.differential if s.is_malignant == malignant), 1),
                malignant,
            )
            for verdict, malignant in ((Verdict.BENIGN, False), (Verdict.MALIGNANT, True))
        ]
        return sorted(sums, key=lambda share: -share.percent)

    @cached_property
    def differential(self) -> list[Share]:
        """Return every answer in percent, the largest first."""
        return shares(self.probabilities, self.model_version)

    @property
    def likely(self) -> list[Share]:
        """Return the part of the differential that is worth reading."""
        return [share for share in self.differential if share.percent >= LIKELY_PERCENT]

    @property
    def unlikely(self) -> list[Share]:
        """Return the rest of the differential."""
        return [share for share in self.differential if share.percent < LIKELY_PERCENT]

    @property
    def names_diagnoses(self) -> bool:
        """Return whether the network tells more answers apart than benign and malignant."""
        return self.model_version.names_diagnoses

    @property
    def deserves_a_look(self) -> bool:
        """Return whether the lesion is called benign, but would not be at the operating point.

        There the network would miss few malignant lesions.
        """
        point = self.operating_point
        return (
            self.verdict == Verdict.BENIGN
            and bool(point)
            and self.malignant_probability >= point["threshold"]
        )

    @property
    def malignant_percent(self) -> float:
        """Return the malignant probability in percent, as the breakdown shows it."""
        return next(share.percent for share in self.breakdown if share.is_malignant)

    @property
    def look_from_percent(self) -> float:
        """Return the malignant probability in percent from which on a lesion deserves a look."""
        return round(100 * self.operating_point["threshold"], 1)

    @property
    def look_finds_percent(self) -> int:
        """Return how many percent of malignant lesions are found from that probability on."""
        return round(100 * self.operating_point["sensitivity"])

    @property
    def possible_diagnoses(self) -> list[Share]:
        """Return the answers in the set with the promised coverage, the likeliest first.

        Such a set holds the true answer as often as promised.
        """
        return [share for share in self.differential if share.code in self.possible]

    @property
    def possible_are_mixed(self) -> bool:
        """Return whether malignant and benign answers are in that set."""
        return len({share.is_malignant for share in self.possible_diagnoses}) > 1

    @property
    def coverage_percent(self) -> int:
        return round(100 * (self.coverage or 0))

    @property
    def spread_percent(self) -> tuple[int, int] | None:
        """Return the least and the largest malignant percent over the symmetries."""
        if self.spread_low is None or self.spread_high is None:
            return None
        return round(100 * self.spread_low), round(100 * self.spread_high)

    @property
    def is_explained(self) -> bool:
        """Return whether the prediction has an explanation.

        Older ones were made before answers were explained, and stay as they were.
        """
        return self.abcd is not None

    @property
    def heat_inside_percent(self) -> int | None:
        return None if self.heat_inside is None else round(100 * self.heat_inside)

    @property
    def colours(self) -> list[str]:
        """Return the names of the colours that were found in the lesion."""
        return [name_colour(code) for code in (self.abcd or {})["colours"]]

    @property
    def asymmetry(self) -> Asymmetry:
        return Asymmetry(*(round(100 * share) for share in (self.abcd or {})["asymmetry"]))

    @property
    def scored_sets(self) -> list[ScoredSet]:
        """Return how well the network does on pictures of this kind, where that was measured."""
        return self.model_version.scored_sets_of(self.judged_as)

    @cached_property
    def predictive_values(self) -> list[PredictiveValue]:
        """Return what the verdict means for people. It is empty where that was not measured."""
        metrics = self.model_version.metrics_of(self.judged_as)
        if self.coverage is None:
            rates = rates_without_uncertain(metrics, self.verdict)
        # With another coverage, the sets differ and each verdict is given more or less often, so
        # the measured rates hold for one coverage only.
        elif self.coverage == measured_coverage(metrics):
            is_averaged = self.spread_low is not None
            rates = rates_of(metrics, self.verdict, is_averaged=is_averaged)
        else:
            rates = {}
        return predictive_values(rates) if rates else []
