"""Delete submissions with all that belongs to them."""

from __future__ import annotations

from collections.abc import Iterable

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


def delete_submissions(submissions: Iterable[Submission], *, actor: User) -> None:
    """Delete all of them as `delete_submission` does, or none where one cannot be deleted."""
    with transaction.atomic():
        for submission in submissions:
            delete_submission(submission, actor=actor)
