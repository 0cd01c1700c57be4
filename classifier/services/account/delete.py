"""Delete an account with all that belongs to it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError

from classifier.models import AuditEntry, User
from classifier.services.account.forget import forget_account
from classifier.services.operation.audit import record_action


class AccountInUse(Exception):
    """The account belongs to a clinician who reviewed or overruled other people's results."""


def delete_account(user: User) -> None:
    """Delete the account and everything that was sent in with it, rows and files, at once.

    The account's sessions end, and no log knows its addresses any more.

    Raises:
        AccountInUse: its reviews belong to other people's results, from which they would vanish.
    """
    try:
        with transaction.atomic():
            record_action(action=AuditEntry.Action.DELETED, subject=user, actor=user)
            forget_account(user)
            user.delete()
    except ProtectedError as error:
        raise AccountInUse from error
