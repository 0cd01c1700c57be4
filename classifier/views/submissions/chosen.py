"""Delete or export several pictures that a person chose in their history."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classifier.models import AuditEntry, Review, Submission, User
from classifier.models.submission import SubmissionQuerySet
from classifier.services.account.export import export_submissions
from classifier.services.operation.audit import record_action
from classifier.services.submissions.delete import delete_submissions
from classifier.views.download import download


def _chosen(user: User, asked: QueryDict) -> SubmissionQuerySet:
    """Return those of the chosen that are the person's own.

    Others are left out without a word, as are those that are gone.
    """
    keys = []
    for key in asked.getlist("chosen"):
        with suppress(ValueError):
            keys.append(uuid.UUID(key))
    return Submission.objects.owned_by(user).filter(pk__in=keys)


def _nothing_chosen(request: HttpRequest) -> HttpResponse:
    messages.info(request, "Choose one or more of your pictures first.")
    return redirect("history")


def _lost_with(chosen: list[Submission]) -> list[str]:
    """Return what is deleted along with the pictures, in words."""
    counts = {
        "result": sum(submission.is_done for submission in chosen),
        "note": sum(bool(submission.note) for submission in chosen),
        "review": Review.objects.filter(submission__in=chosen).count(),
    }
    return [f"{count} {name}{pluralize(count)}" for name, count in counts.items() if count]


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_chosen(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    confirmed = request.method == "POST"
    chosen = list(_chosen(user, request.POST if confirmed else request.GET))
    if not chosen:
        return _nothing_chosen(request)
    if not confirmed:
        context = {"submissions": chosen, "lost": _lost_with(chosen)}
        return render(request, "classifier/submissions/confirm_delete_chosen.html", context)
    delete_submissions(chosen, actor=user)
    are = "picture is" if len(chosen) == 1 else "pictures are"
    messages.success(request, f"{len(chosen)} {are} deleted, with all that was said of them.")
    return redirect("history")


@login_required
@never_cache
@require_safe
def export_chosen(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    chosen = _chosen(user, request.GET)
    with transaction.atomic():
        found = list(chosen)
        for submission in found:
            record_action(action=AuditEntry.Action.EXPORTED, subject=submission, actor=user)
    return download(export_submissions(chosen)) if found else _nothing_chosen(request)
