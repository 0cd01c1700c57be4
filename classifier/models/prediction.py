from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.db.models import Q


class Verdict(models.TextChoices):
    BENIGN = "benign", "Benign"
    MALIGNANT = "malignant", "Malignant"


#: Diagnoses below are shown on request only.
LIKELY_PERCENT = 1.0


class Share(NamedTuple):
    """One line of probabilities; ``percent`` has one decimal, ``plain`` explains it or is empty."""

    name: str
    percent: float
    is_malignant: bool
    plain: str = ""


class Prediction(models.Model):
    """What one model version said about one submission. Never changed once it is made."""

    submission = models.ForeignKey(
        "classifier.Submission", on_delete=models.CASCADE, related_name="predictions"
    )
    model_version = models.ForeignKey(
        "classifier.ModelVersion", on_delete=models.PROTECT, related_name="predictions"
    )
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    malignant_probability = models.FloatField()
    confidence = models.FloatField(help_text="Probability of the verdict.")
    probabilities = models.JSONField(help_text="Probability of each class; they sum to 1.")
    inference_ms = models.FloatField("inference time, ms")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
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
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} ({self.confidence_percent} %)"

    @property
    def is_malignant(self) -> bool:
        return self.verdict == Verdict.MALIGNANT

    @property
    def confidence_percent(self) -> float:
        """The confidence in percent, as the breakdown shows it."""
        return next(s.percent for s in self.breakdown if s.is_malignant == self.is_malignant)

    @property
    def breakdown(self) -> list[Share]:
        """Benign and malignant in percent, the larger first: the sums over the differential."""
        shares = self.differential
        sums = [
            Share(
                verdict.value,
                round(sum(s.percent for s in shares if s.is_malignant == malignant), 1),
                malignant,
            )
            for verdict, malignant in ((Verdict.BENIGN, False), (Verdict.MALIGNANT, True))
        ]
        return sorted(sums, key=lambda share: -share.percent)

    @property
    def names_diagnoses(self) -> bool:
        """Whether the network tells more apart than benign and malignant."""
        return bool(self.model_version.diagnoses)

    @property
    def deserves_a_look(self) -> bool:
        """Whether it is called benign, but not where the network would miss few malignant ones."""
        point = self.model_version.operating_point
        return (
            not self.is_malignant
            and bool(point)
            and self.malignant_probability >= point["threshold"]
        )

    @property
    def malignant_percent(self) -> float:
        """The malignant probability in percent, as the breakdown shows it."""
        return next(share.percent for share in self.breakdown if share.is_malignant)

    @property
    def look_from_percent(self) -> float:
        """The malignant probability in percent from which on a spot deserves a look."""
        return round(100 * self.model_version.operating_point["threshold"], 1)

    @property
    def look_finds_percent(self) -> int:
        """The share of malignant spots in percent that are found there."""
        return round(100 * self.model_version.operating_point["sensitivity"])

    @property
    def likely(self) -> list[Share]:
        """The part of the differential that is worth reading."""
        return [share for share in self.differential if share.percent >= LIKELY_PERCENT]

    @property
    def unlikely(self) -> list[Share]:
        """The rest of the differential."""
        return [share for share in self.differential if share.percent < LIKELY_PERCENT]

    @property
    def differential(self) -> list[Share]:
        """Every answer in percent, largest first, rounded so that they sum to 100.

        Rounded by largest remainders (Hamilton's method): rounding each alone may show 100.1 %.
        """
        tenths = {name: 1000 * p for name, p in self.probabilities.items()}
        shown = {name: int(value) for name, value in tenths.items()}
        by_remainder = sorted(tenths, key=lambda name: shown[name] - tenths[name])
        for name in by_remainder[: round(sum(tenths.values())) - sum(shown.values())]:
            shown[name] += 1
        malignant = set(self.model_version.malignant_classes)
        known = self.model_version.diagnoses
        return [
            Share(
                known.get(name, {}).get("name", name),
                shown[name] / 10,
                name in malignant,
                known.get(name, {}).get("plain", ""),
            )
            for name in sorted(shown, key=lambda name: -tenths[name])
        ]
