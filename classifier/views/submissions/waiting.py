"""Tell a page with many pictures what became of those that waited, in one request for all."""

from __future__ import annotations

import uuid
from contextlib import suppress

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling
from django_htmx.middleware import HtmxDetails

from classifier.models import Submission
from classifier.models.submission import UNFINISHED
from classifier.views.submissions.stopping import stop_asking

#: No page of the site shows more pictures.
MOST = 100


@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """Answer a page that keeps asking until all of its pictures are finished.

    The answer is empty as long as nothing has changed.
    """
    asked_by_page = HtmxDetails(request)
    way_back = asked_by_page.current_url_abs_path or reverse("history")
    if not request.user.is_authenticated:
        if asked_by_page:
            return stop_asking(request, "signed_out", way_back=way_back)
        return redirect_to_login(reverse("history"))
    return _news(request, way_back)


@require_safe
def _news(request: HttpRequest, way_back: str) -> HttpResponse:
    if not HtmxDetails(request):
        # This address is only a part of a page, and somebody opened it by itself.
        return redirect("history")
    shown = _shown(request)
    found = Submission.objects.owned_by(request.user).with_result().in_bulk(list(shown))
    changed = [found[key] for key in found if found[key].status != shown[key]]
    gone = [key for key in shown if key not in found]
    unfinished = sum(not submission.is_finished for submission in found.values())
    if unfinished and not changed and not gone:
        return HttpResponse(status=204)
    context = {
        "changed": changed,
        "ended": [submission for submission in changed if submission.is_finished],
        "gone": gone,
        "unfinished": unfinished,
        "way_back": way_back,
    }
    news = render(request, "classifier/submissions/partials/waiting_news.html", context)
    return news if unfinished else HttpResponseStopPolling(news.content)


def _shown(request: HttpRequest) -> dict[uuid.UUID, str]:
    """Return the state in which the page shows each picture. It names them by that state.

    What is no key is left out.
    """
    shown: dict[uuid.UUID, str] = {}
    for status in UNFINISHED:
        for key in request.GET.getlist(status)[:MOST]:
            with suppress(ValueError):
                shown[uuid.UUID(key)] = status
    return shown
