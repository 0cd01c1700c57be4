"""Remove a person from what the site keeps outside their own rows."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from classifier.models import User
from classifier.services.account.mentions import compile_mentions
from classifier.services.account.sessions import ROWS, end_sessions, end_sessions_that_name


def forget_account(user: User) -> None:
    """End the sessions of an account that is about to go, and take it out of the admin's log.

    The caller does this and the deletion in one transaction.
    """
    addresses = {user.email, *_addresses(user)}
    end_sessions(user)
    end_sessions_that_name(addresses, user=user)
    _rename_in_log(user, addresses)


def _addresses(user: User) -> set[str]:
    return set(EmailAddress.objects.filter(user=user).values_list("email", flat=True))


def _rename_in_log(user: User, addresses: set[str]) -> None:
    name = f"account {user.pk}"
    mentions = compile_mentions(addresses)
    entries = []
    # The database does not find an address in JSON, nor in another case where it is not ASCII.
    for entry in LogEntry.objects.filter(
        Q(object_repr__contains="@") | Q(change_message__contains="@")
    ).iterator(ROWS):
        told = entry.object_repr, entry.change_message
        entry.object_repr, entry.change_message = (mentions.sub(name, text) for text in told)
        if told != (entry.object_repr, entry.change_message):
            entries.append(entry)
    LogEntry.objects.bulk_update(entries, ["object_repr", "change_message"])
    # Entries about the account may still call it by an address that it had before.
    of_the_account = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    )
    of_the_account.update(object_repr=name)
