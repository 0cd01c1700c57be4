from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from simple_history.models import HistoricalRecords

#: A comment has room for this many characters, which is about a page.
COMMENT_LENGTH = 4000
#: A longer one has a section of its own on the page of a result.
SHORT_LENGTH = 160


class Review(models.Model):
    """Keeps a clinician's own judgement of a submission, with every change of it."""

    class Diagnosis(models.TextChoices):
        BENIGN = "benign", "Benign"
        MALIGNANT = "malignant", "Malignant"
        UNCLEAR = "unclear", "Cannot be told from this picture"

    submission = models.ForeignKey(
        "classifier.Submission", on_delete=models.CASCADE, related_name="reviews"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews"
    )
    diagnosis = models.CharField(max_length=16, choices=Diagnosis.choices)
    comment = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(COMMENT_LENGTH)],
        help_text="Shown to the person who sent the picture in.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # When a submission is deleted, all that was ever said of it is deleted too.
    history = HistoricalRecords(cascade_delete_history=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "reviewer"], name="review_once_per_reviewer"
            ),
        ]

    def __str__(self) -> str:
        return self.get_diagnosis_display()

    @property
    def is_long(self) -> bool:
        """Return whether its comment is more than a page shows beside an answer."""
        return len(self.comment) > SHORT_LENGTH
