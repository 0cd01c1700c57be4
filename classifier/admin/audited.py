from __future__ import annotations

from collections.abc import Iterable
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


class AuditedByKey(Audited):
    """Has the admin's own log call things by their keys, since their names are personal.

    Once its account is deleted, nobody could tell whose name it was and take it out.
    """

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        logged = super().log_addition(request, obj, message)
        _call_by_key([obj])
        return logged

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        logged = super().log_change(request, obj, message)
        _call_by_key([obj])
        return logged

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        logged = super().log_deletions(request, queryset)
        _call_by_key(queryset)
        return logged


def _call_by_key(rows: Iterable[Model]) -> None:
    for row in rows:
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
        )
        entries.update(object_repr=f"{row._meta.verbose_name} {row.pk}")


# The admin does not show sessions: whose they are and where they come from is private.
admin.site.unregister(UserSession)
# Changes of these must be audited: groups decide who is a reviewer, and addresses decide who
# receives an account's mail.
admin.site.unregister([Group, EmailAddress])


@admin.register(Group)
class AuditedGroupAdmin(Audited, GroupAdmin):
    pass


@admin.register(EmailAddress)
class AuditedEmailAddressAdmin(AuditedByKey, EmailAddressAdmin):
    pass
