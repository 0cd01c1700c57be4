"""Describe what a submission without a result keeps of the reason, in codes."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from classifier.sentences.failures import explain_failure
from classifier.sentences.rejections import explain_rejection

#: These values of its fields say that nothing has failed, and that nothing is wrong with it.
NO_FAILURE = {"failure": "", "failure_reason": ""}
NO_REJECTION = {"rejection": "", "rejection_values": None, "rejection_reason": ""}


class Failure(StrEnum):
    """Names why a picture could not be analysed."""

    UNREADABLE = "unreadable"
    GAVE_UP = "gave_up"
    WORKER_LOST = "worker_lost"


class Reason(models.Model):
    """Holds why a submission was rejected or has failed.

    `classifier.sentences` says both in words. The two columns with sentences are those of earlier
    releases, which go on writing them until they are replaced; this release only empties them. What
    it keeps there counts where a row has no code that stands for it.
    """

    rejection = models.CharField(
        "what is wrong with the picture",
        max_length=32,
        blank=True,
        help_text="Stays where a clinician had the picture analysed all the same.",
    )
    rejection_values = models.JSONField(
        "values of the rejection",
        null=True,
        blank=True,
        help_text="What its sentence tells, by name; empty where an earlier release wrote one.",
    )
    rejection_reason = models.TextField("why it was rejected, in an earlier release", blank=True)
    failure = models.CharField(
        "why it failed", max_length=32, blank=True, default="", db_default=""
    )
    failure_reason = models.TextField("why it failed, in an earlier release", blank=True)
    failure_detail = models.TextField("why there is no result, for an engineer", blank=True)

    class Meta:
        abstract = True

    @property
    def rejection_sentence(self) -> str:
        """Return why it was rejected, for its owner; empty where it was not."""
        if self.rejection_values is None:
            return self.rejection_reason
        return explain_rejection(self.rejection, self.rejection_values)

    @property
    def failure_sentence(self) -> str:
        """Return why it failed, for its owner; empty where it has not."""
        return explain_failure(self.failure) if self.failure else self.failure_reason
