from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import allauth.usersessions.admin  # noqa: F401  (registers the model first)
from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from classifier.models import AuditEntry
from classifier.services.operation.audit import record_action


class Audited:
    """Writes to the audit log what somebody adds, changes or deletes here.

    The admin's own log is not enough: it calls things by their names, and it can be edited.
    """

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Run an action in one transaction with its entries, so that neither exists alone.

        The pages of single rows do so by themselves.
        """
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return super().changelist_view(request, extra_context)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record_action(action=AuditEntry.Action.CHANGED, subject=obj, actor=request.user)  # type: ignore[arg-type]
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record_action(action=AuditEntry.Action.CHANGED, subject=obj, actor=request.user)  # type: ignore[arg-type]
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        for obj in queryset:
            record_action(action=AuditEntry.Action.DELETED, subject=obj, actor=request.user)  # type: ignore[arg-type]
        return super().log_deletions(request, queryset)  # type: ignore[misc]


# The admin does not show sessions: whose they are and where they come from is private.
admin.site.unregister(UserSession)
# Changes of these must be audited: groups decide who is a reviewer, and addresses decide who
# receives an account's mail.
admin.site.unregister([Group, EmailAddress])


@admin.register(Group)
class AuditedGroupAdmin(Audited, GroupAdmin):
    pass


@admin.register(EmailAddress)
class AuditedEmailAddressAdmin(Audited, EmailAddressAdmin):
    def log_deletions(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> Any:
        """Log only the key of the address.

        Once its account is deleted, nobody could tell whose address it was and take it out.
        """
        logged = super().log_deletions(request, queryset)
        mine = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(EmailAddress),
            object_id__in=[str(address.pk) for address in queryset],
        )
        mine.update(object_repr="an address")
        return logged
