from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.urls import reverse

from classifier.models.observed import ImageType
from classifier.sentences.diagnoses import BINARY, Explained, explain_class

#: Pages show the scores of these test sets, which have these names in the metrics. The network has
#: seen none of their pictures, lesions or near-duplicates.
SHOWN_SETS = {
    "held_out": "pictures of lesions of the HAM10000 collection that were kept apart",
    "de_leaked": "test pictures of the Melanoma Cancer Image Dataset that hardly resemble any of "
    "its training pictures",
}
#: These are such test sets of ordinary photographs. A network that tells photographs from
#: dermoscopic pictures is measured on them separately.
CLINICAL_SETS = {
    "held_out_clinical": "ordinary photographs of lesions of the MILK10k collection that were kept "
    "apart",
}
#: These are such test sets that hold both kinds of picture of the same lesions, the best first.
#: Only they say how much less a photograph is worth, since other sets hold other lesions.
COMPARED_SETS = ("milk10k",)
#: Pages show these scores of each set. A score has its part of the metrics, its name there, and the
#: words that pages use for it.
SHOWN_SCORES = (
    ("model", "sensitivity", "Malignant lesions it calls malignant"),
    ("at_operating_point", "sensitivity", "Malignant lesions it calls malignant or worth a look"),
    ("model", "specificity", "Benign lesions it calls benign"),
    ("model", "accuracy", "Malignant or benign, right in all"),
    ("diagnosis", "accuracy", "Diagnoses that are right"),
)


#: These scores say how much an answer about one kind of picture is worth beside another kind.
COMPARED_SCORES = ("sensitivity", "specificity")

#: These fields have tens of kilobytes, so queries that only need the verdict leave them out.
LARGE_FIELDS = ("card", "metrics")


def figure_path(name: str, version: str, file: str) -> str:
    """Return the path, in the site's private files, of a figure of a model's card."""
    return f"models/{name}/{version}/{file}"


class Score(NamedTuple):
    """Holds one measured figure in percent, with its 95 % interval."""

    title: str
    percent: float
    low: float
    high: float


class ScoredSet(NamedTuple):
    """Holds the scores that were measured on one test set."""

    title: str
    pictures: int
    scores: list[Score]


class ComparedScore(NamedTuple):
    """Holds one figure of photographs beside that of dermoscopic pictures, where that is known."""

    clinical: Score
    dermoscopic: Score | None


class Comparison(NamedTuple):
    """Compares answers about ordinary photographs with those about dermoscopic pictures.

    Both were measured on one test set, of which ``photographs`` and ``dermoscopic`` count the
    pictures.
    """

    photographs: int
    dermoscopic: int
    scores: list[ComparedScore]


class Standard(NamedTuple):
    """Holds the thresholds for one kind of picture."""

    threshold: float
    operating_point: dict[str, Any]


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def without_what_is_large(self) -> ModelVersionQuerySet:
        """Leave out the large fields. They only say how a network was measured."""
        return self.defer(*LARGE_FIELDS)


class ModelVersion(models.Model):
    """Keeps one version of a trained network, as its bundle described it when it was registered.

    At most one version is active. New submissions are analysed with it.
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
    clinical = models.JSONField(
        "for ordinary photographs",
        default=dict,
        blank=True,
        help_text="Their threshold and operating point; empty where those above count.",
    )
    diagnoses = models.JSONField(
        default=dict,
        blank=True,
        help_text="Name and explanation of its answers, as earlier releases kept them.",
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

    def explain(self, code: str) -> Explained:
        """Return what to call one of its classes, and what it is."""
        return explain_class(code, self.diagnoses)

    @property
    def names_diagnoses(self) -> bool:
        """Return whether it tells more answers apart than benign and malignant."""
        return set(self.classes) != set(BINARY)

    @property
    def class_names(self) -> list[str]:
        """Return what to call its classes, in the network's order."""
        return [self.explain(code).name for code in self.classes]

    def standard_of(self, judged_as: str) -> Standard:
        """Return the thresholds for pictures that are judged as dermoscopic or as clinical."""
        if judged_as == ImageType.CLINICAL and self.clinical:
            return Standard(self.clinical["threshold"], self.clinical["operating_point"])
        return Standard(self.threshold, self.operating_point)

    def metrics_of(self, judged_as: str) -> dict[str, Any]:
        """Return the metrics of the first test set of such pictures that was measured.

        Args:
            judged_as: dermoscopic or clinical.

        Returns:
            They are empty where no such set was measured.
        """
        sets = CLINICAL_SETS if judged_as == ImageType.CLINICAL else SHOWN_SETS
        return next((self.metrics[name] for name in sets if name in self.metrics), {})

    @property
    def scored_sets(self) -> list[ScoredSet]:
        """Return its scores on pictures that it cannot have learnt by heart, if there are any."""
        return self._scored(SHOWN_SETS | CLINICAL_SETS)

    def scored_sets_of(self, judged_as: str) -> list[ScoredSet]:
        """Return its scores on such pictures that are judged as dermoscopic or as clinical."""
        return self._scored(CLINICAL_SETS if judged_as == ImageType.CLINICAL else SHOWN_SETS)

    def _scored(self, sets: dict[str, str]) -> list[ScoredSet]:
        return [
            ScoredSet(title, _pictures(found), list(_scores(found).values()))
            for name, title in sets.items()
            if (found := self.metrics.get(name))
        ]

    @property
    def photographs_compared(self) -> Comparison | None:
        """Return its scores on ordinary photographs beside those on dermoscopic pictures.

        It is None where none of `COMPARED_SETS` was measured by kind of picture.
        """
        for set_name in COMPARED_SETS:
            kinds = scores_by_image_type(self.metrics.get(set_name))
            if not {ImageType.CLINICAL, ImageType.DERMOSCOPIC} <= kinds.keys():
                continue
            clinical = _scores({"model": kinds[ImageType.CLINICAL]})
            beside = _scores({"model": kinds[ImageType.DERMOSCOPIC]})
            compared = [
                ComparedScore(score, beside.get((part, name)))
                for (part, name), score in clinical.items()
                if name in COMPARED_SCORES
            ]
            if compared:
                return Comparison(
                    kinds[ImageType.CLINICAL]["pictures"],
                    kinds[ImageType.DERMOSCOPIC]["pictures"],
                    compared,
                )
        return None


def scores_by_image_type(found: Any) -> dict[str, dict[str, Any]]:
    """Return what was measured on one test set, by how its pictures were taken.

    Most test sets were not measured so, and it is empty.
    """
    subgroups = found.get("subgroups", {}) if isinstance(found, dict) else {}
    return subgroups.get("image_type", {})


def _pictures(found: dict[str, Any]) -> int:
    return sum(found.get("pictures", {}).values())


def _scores(found: dict[str, Any]) -> dict[tuple[str, str], Score]:
    return {
        (part, name): Score(
            title, *(round(100 * score[key], 1) for key in ("value", "low", "high"))
        )
        for part, name, title in SHOWN_SCORES
        if (score := found.get(part, {}).get(name)) and score["value"] is not None
    }
