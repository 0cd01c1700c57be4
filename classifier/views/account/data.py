"""Let people take their own data along, or delete it with the account."""

from __future__ import annotations

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classifier.models import AuditEntry, Submission, User
from classifier.services.account.delete import AccountInUse, delete_account
from classifier.services.account.export import export_account
from classifier.services.operation.audit import record_action
from classifier.views.download import download

IN_USE = (
    "You have reviewed or overruled results of other people, so your account cannot be deleted "
    "here. Please ask an administrator of the site."
)


@login_required
@never_cache
@require_safe
def account_data(request: HttpRequest) -> HttpResponse:
    context = {
        "pictures": Submission.objects.owned_by(request.user).count(),
        "retention_days": settings.RETENTION and settings.RETENTION.days,
    }
    return render(request, "classifier/account/data.html", context)


@login_required
@never_cache
@require_safe
def account_export(request: HttpRequest) -> StreamingHttpResponse:
    user = cast(User, request.user)
    record_action(action=AuditEntry.Action.EXPORTED, subject=user, actor=user)
    return download(export_account(user))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def account_delete(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if request.method != "POST":
        pictures = Submission.objects.owned_by(user).count()
        return render(request, "classifier/account/delete.html", {"pictures": pictures})
    try:
        delete_account(User.objects.get(pk=user.pk))
    except AccountInUse:
        messages.error(request, IN_USE)
        return redirect("account_data")
    logout(request)
    messages.success(request, "Your account is deleted, with every picture and result.")
    return redirect("home")
