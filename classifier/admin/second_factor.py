from __future__ import annotations

from typing import Any

import allauth.mfa.admin  # noqa: F401  (registers the model first)
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest

from classifier.admin.audited import Audited
from classifier.admin.read_only import NoAdding

# As allauth registers it, the secrets could be read and replaced.
admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(Audited, NoAdding, admin.ModelAdmin):
    """Second factors, to be deleted where somebody has lost theirs."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
