"""Tell pages that ask for something by themselves that there is nothing more to ask for."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import HttpResponseStopPolling, reswap, retarget
from django_htmx.middleware import HtmxDetails


def stop_asking(request: HttpRequest, why: str, **context: Any) -> HttpResponse:
    """Have the page say why it stops asking, in place of all that it showed.

    On an error, htmx would leave the page as it is and ask again. With this status it shows the
    answer and asks no more.
    """
    content = render(request, f"classifier/submissions/partials/stopped_{why}.html", context)
    stopped = HttpResponseStopPolling(content.content)
    return reswap(retarget(stopped, "#content"), "innerHTML")


def signed_in(view: Callable[[HttpRequest, uuid.UUID], HttpResponse]) -> Callable[..., Any]:
    """Require a login for an address that is no page of its own.

    After the login, the person is led to the page of the result.
    """

    @wraps(view)
    def checked(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, pk)
        way_back = reverse("result", args=[pk])
        if HtmxDetails(request):
            return stop_asking(request, "signed_out", way_back=way_back)
        return redirect_to_login(way_back)

    return checked
