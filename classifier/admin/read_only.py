from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class NoAdding:
    """Rows are made by the site's services, never by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NoAdding):
    """Rows that the admin only shows."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
