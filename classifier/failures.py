"""Tell in the log line of a request why it failed."""

from __future__ import annotations

from django.http import HttpRequest


def tell_failure(request: HttpRequest, error: BaseException) -> None:
    """Have the log line of ``request`` name the kind of ``error``.

    Its text stays out, since that may hold anything, such as somebody's data.
    """
    causes = (error, error.__cause__)
    kinds = ("sqlite_errorname", "sqlstate", "strerror")
    told = [getattr(cause, kind, None) for cause in causes for kind in kinds]
    request.failure = " ".join([type(error).__name__, *filter(None, told)])  # type: ignore[attr-defined]
