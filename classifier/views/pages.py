"""Show the pages that are the same for everybody, and some that tell of errors."""

from __future__ import annotations

import sys
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from classifier.models import ModelVersion, Submission
from classifier.views.submissions.waiting import MOST

#: A home page shows so many results.
TILES = 12
#: A result is new for so long.
NEW_FOR = timedelta(days=7)
#: It is worth trying again after this many seconds.
RETRY_AFTER = 30
#: Every limit of the accounts has room again after this many seconds.
LIMITS_END_AFTER = 300


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return _home_of_a_person(request)
    return render(request, "classifier/home.html")


def _home_of_a_person(request: HttpRequest) -> HttpResponse:
    """Show what waits and what is new. Nobody keeps count of which results were opened."""
    mine = Submission.objects.owned_by(request.user).with_result()
    waiting = list(mine.unfinished()[:MOST])
    latest = list(mine.finished().order_by("-finished_at", "-id")[:TILES])
    since = timezone.now() - NEW_FOR
    fresh = [one for one in latest if one.finished_at and one.finished_at > since]
    context = {
        "waiting": waiting,
        "unfinished": len(waiting),
        "fresh": fresh,
        "latest": fresh or latest,
        "way_back": request.get_full_path(),
    }
    return render(request, "classifier/home_signed_in.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    active = ModelVersion.objects.filter(is_active=True).first()
    return render(request, "classifier/about.html", {"model_version": active})


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault or, while the database is away, that it is for a moment only."""
    away = isinstance(sys.exc_info()[1], (InterfaceError, OperationalError))
    headers = {"Retry-After": str(RETRY_AFTER)} if away else {}
    # The request is left out, since the head of the page would ask the database for its person.
    content = render_to_string("500.html", {"away": away})
    return HttpResponse(content, status=503 if away else 500, headers=headers)


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """Say for how long the person can try nothing more, and what helps at once."""
    page = render(request, "429.html", {"minutes": LIMITS_END_AFTER // 60}, status=429)
    page["Retry-After"] = str(LIMITS_END_AFTER)
    return page
