from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import allauth.mfa.admin  # noqa: F401  (registers the model first)
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from classifier.admin.audited import AuditedByKey
from classifier.admin.read_only import NoAdding
from classifier.models import User

# allauth registers it in a way that lets administrators read and replace the secrets.
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(AuditedByKey, NoAdding, admin.ModelAdmin):
    """Shows second factors, and lets administrators delete one that a person has lost."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        super().delete_model(request, obj)
        _tell([obj.user])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        people = {factor.user for factor in queryset.select_related("user")}
        super().delete_queryset(request, queryset)
        _tell(people)


def _tell(people: Iterable[User]) -> None:
    for person in people:
        tell = partial(
            get_adapter().tell_of_administrator, "account/email/second_factor_removed", person
        )
        transaction.on_commit(tell)
