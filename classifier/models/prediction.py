from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.db.models import Q


class Verdict(models.TextChoices):
    BENIGN = "benign", "Benign"
    MALIGNANT = "malignant", "Malignant"


class Share(NamedTuple):
    """One line of a probability breakdown; ``percent`` has one decimal."""

    name: str
    percent: float
    is_malignant: bool


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
        shares = [s.percent for s in self.breakdown if s.is_malignant == self.is_malignant]
        return round(sum(shares), 1)

    @property
    def breakdown(self) -> list[Share]:
        """The probabilities in percent, largest first, rounded so that they sum to 100.

        Rounded by largest remainders (Hamilton's method): rounding each alone may show 100.1 %.
        """
        tenths = {name: 1000 * p for name, p in self.probabilities.items()}
        shown = {name: int(value) for name, value in tenths.items()}
        by_remainder = sorted(tenths, key=lambda name: shown[name] - tenths[name])
        for name in by_remainder[: round(sum(tenths.values())) - sum(shown.values())]:
            shown[name] += 1
        malignant = set(self.model_version.malignant_classes)
        return [
            Share(name, shown[name] / 10, name in malignant)
            for name in sorted(shown, key=lambda name: -tenths[name])
        ]
