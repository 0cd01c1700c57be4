from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One entry says who did what to what. The database refuses to change or delete it.

    It names people and things by their keys alone. So it stays when they are deleted, and then says
    nothing of who they were.
    """

    class Action(models.TextChoices):
        SAW = "saw", "Saw"
        CHANGED = "changed", "Changed"
        EXPORTED = "exported", "Exported"
        DELETED = "deleted", "Deleted"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_key = models.BigIntegerField(
        "account", null=True, help_text="Empty where the site did it by itself."
    )
    action = models.CharField(max_length=8, choices=Action.choices)
    subject_type = models.CharField("what", max_length=64)
    subject_key = models.CharField("its key", max_length=64, blank=True)
    listed = models.JSONField(
        "keys of a list",
        null=True,
        blank=True,
        help_text="Of what was seen together; empty where it was one thing.",
    )
    request_id = models.CharField(max_length=36, blank=True, help_text="As in the logs.")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["subject_type", "subject_key"], name="audit_subject"),
            models.Index(fields=["actor_key", "-at"], name="audit_actor"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=["saw", "changed", "exported", "deleted"]),
                name="audit_action",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.subject_type} {self.subject_key}"
