"""Remove a person from what the site keeps outside their own rows."""

from __future__ import annotations

import re

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from classifier.models import User
from classifier.services.account.sessions import end_sessions, end_sessions_that_name


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
    of_the_account = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    mentions = of_the_account
    for address in addresses:
        mentions |= Q(object_repr__icontains=address) | Q(change_message__icontains=address)
    # An address must not match within a longer one, which is somebody else's.
    alternatives = "|".join(re.escape(address) for address in addresses)
    whole = re.compile(rf"(?<![\w.+-])(?:{alternatives})(?![\w-])", re.IGNORECASE)
    entries = list(LogEntry.objects.filter(mentions))
    for entry in entries:
        entry.object_repr = whole.sub(name, entry.object_repr)
        entry.change_message = whole.sub(name, entry.change_message)
    LogEntry.objects.bulk_update(entries, ["object_repr", "change_message"])
    # Entries about the account may still call it by an address that it had before.
    LogEntry.objects.filter(of_the_account).update(object_repr=name)
