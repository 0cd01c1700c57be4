from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.db.models import Q
from django.urls import reverse

#: The sets whose scores are shown, the first that was measured: whole lesions that were held out,
#: or test pictures without a near-duplicate in the training set.
SHOWN_SETS = ("held_out", "de_leaked")
SHOWN_SCORES = {
    "sensitivity": "Malignant lesions it calls malignant",
    "specificity": "Benign lesions it calls benign",
    "accuracy": "Right answers in all",
}


def figure_path(name: str, version: str, file: str) -> str:
    """Return where the site keeps a figure of a model's card, in its private files."""
    return f"models/{name}/{version}/{file}"


class Score(NamedTuple):
    """One measured figure in percent, with its 95 % interval."""

    title: str
    percent: float
    low: float
    high: float


class ModelVersion(models.Model):
    """One version of a trained network, as its bundle described it when it was registered.

    At most one is active: the one that new submissions are analysed with.
    """

    name = models.SlugField("name of the bundle")
    version = models.CharField(max_length=32)
    architecture = models.CharField(max_length=64)
    sha256 = models.CharField("SHA-256 of the weights", max_length=64)
    classes = models.JSONField(help_text="The answers it can give, in the network's order.")
    malignant_classes = models.JSONField(help_text="Those of its answers that are malignant.")
    threshold = models.FloatField(help_text="Malignant from this malignant probability on.")
    operating_point = models.JSONField(
        default=dict,
        blank=True,
        help_text="Malignant probability that finds a stated share of malignant lesions.",
    )
    diagnoses = models.JSONField(
        default=dict, blank=True, help_text="Name and explanation of each of its answers."
    )
    card = models.TextField("model card", blank=True, help_text="Markdown.")
    metrics = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=False)
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-registered_at"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="model_version_unique"),
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="model_version_one_active"
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=0, threshold__lte=1), name="model_version_threshold"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("model_version", args=[self.name, self.version])

    @property
    def scores(self) -> list[Score]:
        """What it scored on pictures it cannot have learnt by heart; empty where not measured."""
        measured = self._shown_set.get("model", {})
        return [
            Score(title, *(round(100 * measured[name][key], 1) for key in ("value", "low", "high")))
            for name, title in SHOWN_SCORES.items()
            if name in measured
        ]

    @property
    def pictures_scored(self) -> int:
        """The number of test pictures behind `scores`."""
        return sum(self._shown_set.get("pictures", {}).values())

    @property
    def _shown_set(self) -> dict:
        return next((self.metrics[name] for name in SHOWN_SETS if name in self.metrics), {})
