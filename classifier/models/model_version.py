from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.urls import reverse

#: The test sets whose scores are shown, by their name in the metrics. The network has seen none of
#: their pictures, lesions or near-duplicates.
SHOWN_SETS = {
    "held_out": "pictures of lesions of the HAM10000 collection that were kept apart",
    "de_leaked": "test pictures of the Melanoma Cancer Image Dataset that hardly resemble any of "
    "its training pictures",
}
#: Pages show these scores of each set: the part of the metrics, the name there, and the words.
SHOWN_SCORES = (
    ("model", "sensitivity", "Malignant lesions it calls malignant"),
    ("at_operating_point", "sensitivity", "Malignant lesions it calls malignant or worth a look"),
    ("model", "specificity", "Benign lesions it calls benign"),
    ("model", "accuracy", "Malignant or benign, right in all"),
    ("diagnosis", "accuracy", "Diagnoses that are right"),
)


#: These fields have tens of kilobytes; queries that only need the verdict leave them out.
LARGE_FIELDS = ("card", "metrics")


def figure_path(name: str, version: str, file: str) -> str:
    """Return where the site keeps a figure of a model's card, in its private files."""
    return f"models/{name}/{version}/{file}"


class Score(NamedTuple):
    """One measured figure in percent, with its 95 % interval."""

    title: str
    percent: float
    low: float
    high: float


class ScoredSet(NamedTuple):
    """The scores that were measured on one test set."""

    title: str
    pictures: int
    scores: list[Score]


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def without_what_is_large(self) -> ModelVersionQuerySet:
        """Leave out the large fields, which only say how a network was measured."""
        return self.defer(*LARGE_FIELDS)


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
    activated_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it was last chosen for new submissions, even if it was in use.",
    )

    objects = ModelVersionQuerySet.as_manager()

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
    def shown_metrics(self) -> dict[str, Any]:
        """Return the metrics of the first of `SHOWN_SETS` that was measured; empty without one."""
        return next((self.metrics[name] for name in SHOWN_SETS if name in self.metrics), {})

    @property
    def measured_coverage(self) -> float | None:
        """Return the coverage that its sets of diagnoses were measured at."""
        return self.shown_metrics.get("verdicts", {}).get("plain", {}).get("promised")

    @property
    def scored_sets(self) -> list[ScoredSet]:
        """Return its scores on pictures it cannot have learnt by heart; empty without any."""
        return [
            ScoredSet(title, sum(found.get("pictures", {}).values()), _scores(found))
            for name, title in SHOWN_SETS.items()
            if (found := self.metrics.get(name))
        ]


def _scores(found: dict[str, Any]) -> list[Score]:
    return [
        Score(title, *(round(100 * score[key], 1) for key in ("value", "low", "high")))
        for part, name, title in SHOWN_SCORES
        if (score := found.get(part, {}).get(name)) and score["value"] is not None
    ]
