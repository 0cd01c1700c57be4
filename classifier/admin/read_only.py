from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from classifier.models import Review


class NoAdding:
    """Forbids adding rows by hand, since the site's services make them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NoAdding):
    """Lets the admin show rows, and do nothing else with them."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # simple_history's page of an old version would let everybody save who may look at it.
        raise PermissionDenied


class TakesReviewsAlong:
    """Deletes the reviews of a row along with it.

    Nobody has the permission to delete a review by itself. Without this class, the admin would
    therefore refuse to delete the row.
    """

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return deleted, counts, missing - {Review._meta.verbose_name}, protected
