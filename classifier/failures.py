"""Why a request failed, told in the one line that the log has of it."""

from __future__ import annotations

from django.http import HttpRequest


def tell_failure(request: HttpRequest, error: BaseException) -> None:
    """Have the line of ``request`` name ``error`` by its kind: its text may hold anything."""
    causes = (error, error.__cause__)
    kinds = ("sqlite_errorname", "sqlstate", "strerror")
    told = [getattr(cause, kind, None) for cause in causes for kind in kinds]
    request.failure = " ".join([type(error).__name__, *filter(None, told)])  # type: ignore[attr-defined]
