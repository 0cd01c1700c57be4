"""Measure and log each request, keep pages out of caches, and refuse what is too large."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import get_contextvars

from classifier.counters import REQUESTS

#: Room for form fields and the headers of each part.
SLACK = 1024 * 1024


class MeasureRequests:
    """Count every request and how long it took, by route, method and status."""

    METHODS = ("GET", "HEAD", "OPTIONS", "POST")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        REQUESTS.labels(
            match.route if match else "",
            # Anybody can make up methods, and each would be kept for ever.
            request.method if request.method in self.METHODS else "other",
            response.status_code,
        ).observe(time.perf_counter() - began)
        return response


class KeepNothing:
    """Forbid browsers and caches to keep a page, unless its view says for how long they may.

    Pages of an account show secrets and addresses, and what is an error now may be none later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400 or not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class LogRequests(RequestMiddleware):
    """Write one line a request, and send its id along with the tasks that it sends.

    The answer names the id, so that people who report a problem can quote it.
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        # The path stays out: that of a link to reset a password is as good as the password.
        match = request.resolver_match
        return f"{request.method} /{match.route}" if match else f"{request.method} (no such page)"

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response["X-Request-ID"] = get_contextvars()["request_id"]
        super().handle_response(request, response)


class LimitRequestSize:
    """Answer 413 to a body that exceeds the largest upload allowed.

    The Content-Length decides; under WSGI a body without one is not read at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # One file more than allowed still gets through, to be told apart from the good ones.
        limit = (settings.UPLOAD_MAX_FILES + 1) * settings.UPLOAD_MAX_BYTES + SLACK
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > limit:
            context = {"max_megabytes": limit // 1024**2}
            return render(request, "413.html", context, status=413)
        return self.get_response(request)
