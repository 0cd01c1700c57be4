"""Tell pages that ask for news by themselves to ask no more."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseStopPolling, reswap, retarget


def stop_asking(request: HttpRequest, why: str, **context: Any) -> HttpResponse:
    """Have the page say why it stops asking, in place of all that it showed.

    On an error, htmx would leave the page as it is and ask again. With this status it shows the
    answer and asks no more.
    """
    content = render(request, f"classifier/submissions/partials/stopped_{why}.html", context)
    stopped = HttpResponseStopPolling(content.content)
    return reswap(retarget(stopped, "#content"), "innerHTML")
