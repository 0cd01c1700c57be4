"""Measure and log each request, keep pages out of caches, and refuse what is too large."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars, get_contextvars

from classifier.counters import REQUESTS
from classifier.failures import tell_failure

#: Any request may have this many bytes, for form fields and the headers of each part.
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
            # Anybody can make up methods, and the counter of each would be kept for ever.
            request.method if request.method in self.METHODS else "other",
            response.status_code,
        ).observe(time.perf_counter() - began)
        return response


class KeepNothing:
    """Forbid browsers and caches to keep a page, unless its view says for how long they may.

    Pages of an account show secrets and addresses, and an error now may be gone a moment later.
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
        # The path stays out of the log, since the path of a link to reset a password is as good as
        # the password.
        match = request.resolver_match
        return f"{request.method} /{match.route}" if match else f"{request.method} (no such page)"

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response["X-Request-ID"] = get_contextvars()["request_id"]
        if failure := getattr(request, "failure", "") or _wrong_host(request):
            bind_contextvars(failure=failure)
        super().handle_response(request, response)

    def _process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # The database is away. The page says that it is for a moment only, and the log line names
        # the failure. A traceback would show our code, which is not at fault, and the rows that it
        # asked for.
        if isinstance(exception, InterfaceError | OperationalError):
            tell_failure(request, exception)
        else:
            super()._process_exception(request, exception)


def _wrong_host(request: HttpRequest) -> str:
    try:
        request.get_host()
    except DisallowedHost:
        return DisallowedHost.__name__
    return ""


class LimitRequestSize:
    """Refuse a body that is too large for its address, before anything of it is read.

    Only people who are signed in may send more than `SLACK`, and only where pictures are sent in.
    The Content-Length decides; a body that does not tell its length is refused.
    """

    #: Pictures are sent in at the addresses with these names.
    UPLOADS = frozenset({"upload"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer in place of the view, and before the form is looked at for its CSRF token."""
        if request.headers.get("Transfer-Encoding"):
            return render(request, "411.html", status=411)
        length = _length(request)
        if length <= SLACK:
            return None
        assert request.resolver_match is not None  # there is a view
        if request.resolver_match.url_name not in self.UPLOADS:
            return _too_large(request, SLACK)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        limit = settings.UPLOAD_MAX_REQUEST_BYTES
        return _too_large(request, limit) if length > limit else None


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _too_large(request: HttpRequest, limit: int) -> HttpResponse:
    context = {"max_megabytes": limit // 1024**2}
    return render(request, "413.html", context, status=413)
