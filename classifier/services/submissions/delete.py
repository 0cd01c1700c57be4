"""Delete a submission with all that belongs to it."""

from __future__ import annotations

from django.db import transaction

from classifier.models import AuditEntry, Submission, User
from classifier.services.operation.audit import record_action


def delete_submission(submission: Submission, *, actor: User | None) -> None:
    """Delete the row, its predictions and reviews, and (through django-cleanup) its files.

    A worker that is analysing it finds its row gone and drops the result.

    Args:
        submission: which one.
        actor: who wants it gone; None where the site deletes it because of its age.
    """
    with transaction.atomic():
        record_action(action=AuditEntry.Action.DELETED, subject=submission, actor=actor)
        submission.delete()
