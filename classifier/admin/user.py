from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from classifier.admin.audited import Audited
from classifier.admin.read_only import TakesReviewsAlong
from classifier.models import User
from classifier.services.account.forget import forget_account
from classifier.services.account.sessions import end_sessions


class PasswordByAdministratorForm(AdminPasswordChangeForm):
    """Ends the sessions under the former password, and tells the owner of the account by mail."""

    def save(self, commit: bool = True) -> User:
        user = super().save(commit)
        end_sessions(user, but=context.request.session.session_key)
        tell = get_adapter().tell_of_administrator
        transaction.on_commit(partial(tell, "account/email/password_changed", user))
        return user


@admin.register(User)
class UserAdmin(Audited, TakesReviewsAlong, DjangoUserAdmin):
    change_password_form = PasswordByAdministratorForm
    ordering = ["email"]
    list_display = ["email", "is_staff", "is_active", "date_joined", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    search_fields = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save a new password in one transaction with its entry, so that neither exists alone."""
        with transaction.atomic():
            return super().user_change_password(request, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self._forget(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self._forget(request, user)
        super().delete_queryset(request, queryset)

    def _forget(self, request: HttpRequest, user: User) -> None:
        """Remove the traces of a person who is about to be deleted.

        The admin has just logged the deletion, and that entry is such a trace too.
        """
        forget_account(user)
        if user == request.user:
            # Their session has ended, so this request must not try to save it.
            logout(request)
