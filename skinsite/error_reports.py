"""Sentry is told where an error happened, and nothing of a person.

A report is built from what is known to be harmless rather than cleaned of what is known not to be:
messages of exceptions, variables, addresses, headers and forms may all hold what somebody sent.
"""

from __future__ import annotations

from typing import Any, cast

import sentry_sdk
from sentry_sdk.types import Event, Hint
from structlog.contextvars import get_contextvars

#: These parts of an event say what went wrong, and in which version of which program.
KEPT = (
    "environment",
    "event_id",
    "level",
    "logger",
    "modules",
    "platform",
    "release",
    "sdk",
    "timestamp",
)
#: This context speaks of the machine alone.
KEPT_CONTEXTS = ("runtime",)
#: From these sources the name of a transaction is the pattern of an address or the name of a task.
#: Otherwise it is the address itself, and a link to a new password is as good as the password.
HARMLESS_NAMES = ("route", "task")


def start(dsn: str) -> None:
    """Report errors of this process to ``dsn``, web and workers alike."""
    sentry_sdk.init(
        dsn,
        before_send=clean,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        send_client_reports=False,
        send_default_pii=False,
        server_name="",
        auto_session_tracking=False,
    )


def clean(event: Event, hint: Hint) -> Event:
    """Return what of ``event`` may leave the site."""
    found = cast("dict[str, Any]", event)
    cleaned = {name: found[name] for name in KEPT if name in found}
    if found.get("transaction_info", {}).get("source") in HARMLESS_NAMES:
        cleaned["transaction"] = found["transaction"]
    contexts = found.get("contexts", {})
    cleaned["contexts"] = {name: contexts[name] for name in KEPT_CONTEXTS if name in contexts}
    cleaned["tags"] = {"request_id": get_contextvars().get("request_id", "")}
    if "logentry" in found:
        # This is the text as it stands in the code, without the values that were put into it.
        cleaned["logentry"] = {"message": found["logentry"].get("message", "")}
    if "exception" in found:
        cleaned["exception"] = {"values": [_without_text(e) for e in found["exception"]["values"]]}
    return cast("Event", cleaned)


def _without_text(exception: dict[str, Any]) -> dict[str, Any]:
    return {
        name: exception[name]
        for name in ("type", "module", "mechanism", "stacktrace")
        if exception.get(name)
    }
