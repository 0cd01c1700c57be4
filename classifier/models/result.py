from __future__ import annotations

from typing import Any

from django.db import models

from classifier.models.observed import ImageType


class Verdict(models.TextChoices):
    BENIGN = "benign", "Benign"
    MALIGNANT = "malignant", "Malignant"
    UNCERTAIN = "uncertain", "Not sure"


#: A network has a calibration, thresholds and sets of diagnoses for each of these.
JUDGED_AS = (ImageType.DERMOSCOPIC, ImageType.CLINICAL)


class Result(models.Model):
    """Holds what a network says of a picture that it judges, field by field.

    Nothing else describes these fields. `classifier.models.observed` describes what is said of the
    picture itself.
    """

    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    malignant_probability = models.FloatField()
    confidence = models.FloatField(help_text="Probability of the likelier of both.")
    probabilities = models.JSONField(help_text="Probability of each class; they sum to 1.")
    possible = models.JSONField(
        "possible classes", default=list, blank=True, help_text="The set with promised coverage."
    )
    coverage = models.FloatField(
        null=True, blank=True, help_text="Share of such sets that hold the true class."
    )
    spread_low = models.FloatField(
        null=True, blank=True, help_text="Least malignant probability over eight symmetries."
    )
    spread_high = models.FloatField(
        null=True, blank=True, help_text="Largest malignant probability over eight symmetries."
    )
    heat_inside = models.FloatField(
        null=True, blank=True, help_text="Share of the heat within the lesion's outline."
    )
    abcd = models.JSONField(
        "asymmetry, border, colours, diameter",
        null=True,
        blank=True,
        help_text="Empty where the outline was not clear.",
    )
    outline = models.JSONField(
        "the lesion's outline",
        null=True,
        blank=True,
        help_text="Corners in the picture's pixels; empty where not clear or not kept.",
    )
    judged_as = models.CharField(
        max_length=16,
        choices=[(kind.value, kind.label) for kind in JUDGED_AS],
        default=ImageType.DERMOSCOPIC,
        db_default=ImageType.DERMOSCOPIC.value,
        help_text="Whose calibration, threshold and sets of classes it was judged by.",
    )
    inference_ms = models.FloatField("inference time, ms")

    class Meta:
        abstract = True

    def told(self) -> dict[str, Any]:
        """Return all fields by name, in a form that can be written as JSON."""
        return {name: getattr(self, name) for name in RESULT_FIELDS}


RESULT_FIELDS = tuple(field.name for field in Result._meta.local_fields)
