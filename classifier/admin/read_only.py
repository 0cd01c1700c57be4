from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from classifier.models import Review


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

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # simple_history's page of an old version saves for everybody who may look at it.
        raise PermissionDenied


class TakesReviewsAlong:
    """Reviews go with their row when somebody deletes it; nobody can delete them by themselves."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return deleted, counts, missing - {Review._meta.verbose_name}, protected
