"""Delete a submission, or an account with all that belongs to it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError

from classifier.models import AuditEntry, Submission, User
from classifier.services.operation.audit import audit


class AccountInUse(Exception):
    """The account belongs to a clinician who said something of other people's pictures."""


def delete(submission: Submission, *, actor: User | None) -> None:
    """Delete the row, its predictions and reviews, and (through django-cleanup) its files.

    A worker that is analysing it finds its row gone and drops the result.

    Args:
        submission: which one.
        actor: who wants it gone; None where it is older than the site keeps it.
    """
    with transaction.atomic():
        audit(AuditEntry.Action.DELETED, submission, actor=actor)
        submission.delete()


def delete_account(user: User) -> None:
    """Delete the account and everything that was sent in with it, rows and files, at once.

    Raises:
        AccountInUse: its reviews belong to other people's results, and would vanish from them.
    """
    try:
        with transaction.atomic():
            audit(AuditEntry.Action.DELETED, user, actor=user)
            user.delete()
    except ProtectedError as error:
        raise AccountInUse from error
