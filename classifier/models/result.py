from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models


class Verdict(models.TextChoices):
    BENIGN = "benign", "Benign"
    MALIGNANT = "malignant", "Malignant"
    UNCERTAIN = "uncertain", "Not sure"


class ImageType(models.TextChoices):
    """How a picture was taken."""

    DERMOSCOPIC = "dermoscopic", "Through a dermoscope"
    CLINICAL = "clinical", "Ordinary photograph"
    OTHER = "other", "Something else"

    __empty__ = "Not known"


#: A network has a calibration, thresholds and sets of diagnoses for each of these.
JUDGED_AS = (ImageType.DERMOSCOPIC, ImageType.CLINICAL)


class Content(NamedTuple):
    """The part of a picture within a plain border, in the picture's own pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Observed(models.Model):
    """An analysis says this of every picture, also of one that it rejects, field by field.

    This and `Result` are the one description of what is said: recording, the export and
    ``manage.py analyse --json`` take names, order and meaning from here.
    """

    # Not "", which would be one more way to take a picture.
    image_type = models.CharField(  # noqa: DJ001
        "how the picture was taken",
        max_length=16,
        choices=ImageType.choices,
        null=True,
        blank=True,
        help_text="Empty where the network could not tell.",
    )
    frame = models.JSONField(
        "what lies within the plain border",
        null=True,
        blank=True,
        help_text="Left, top, right, bottom in the picture's pixels; empty without border.",
    )

    class Meta:
        abstract = True

    @property
    def content(self) -> Content | None:
        """Return what was looked at of a picture with a border; None where it was all of it."""
        return Content(*self.frame) if self.frame else None

    def observed(self) -> dict[str, Any]:
        """Return all of it by name, as it can be written as JSON."""
        return {name: getattr(self, name) for name in OBSERVED_FIELDS}


class Result(models.Model):
    """A network says this of a picture that it judges, field by field."""

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
        """Return all of it by name, as it can be written as JSON."""
        return {name: getattr(self, name) for name in RESULT_FIELDS}


OBSERVED_FIELDS = tuple(field.name for field in Observed._meta.local_fields)
RESULT_FIELDS = tuple(field.name for field in Result._meta.local_fields)
