"""Logs go to standard error, one event a line with its request's id and never a person's data."""

from __future__ import annotations

import logging
from typing import Any, cast

import structlog
from django.core.exceptions import ImproperlyConfigured

from skinsite.settings.environment import PRODUCTION, env

LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "line")

_RENDERERS: dict[str, list[Any]] = {
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    # By itself it would show the variables of each frame, and so pictures and addresses.
    "line": [
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    ],
}
if LOG_FORMAT not in _RENDERERS:
    raise ImproperlyConfigured(f"LOG_FORMAT must be json or line. Received: {LOG_FORMAT}")


class WithoutAddress(logging.Filter):
    """This keeps nothing of a failed CSRF check but the kind of failure.

    Django also writes the address, which may be a link to a new password, and the referring one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        reason, _ = cast("tuple[str, str]", record.args)
        record.msg, record.args = "Forbidden: %s", (reason.partition(" - ")[0],)
        return True


_every_event: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_every_event,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def put_on_one_line(record: logging.LogRecord) -> bool:
    """Drop the line of code that Python puts below a warning."""
    record.msg, record.args = " ".join(record.getMessage().split("\n  ")[0].split()), ()
    return True


# Warnings of libraries are events too, for example those of Pillow about a damaged picture.
logging.captureWarnings(capture=True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "event": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _every_event,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_RENDERERS[LOG_FORMAT],
            ],
        }
    },
    "filters": {
        "one_line": {"()": lambda: put_on_one_line},
        "without_address": {"()": WithoutAddress},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # `classifier.middleware.LogRequests` says the same with the request's id and without a
        # path.
        "django.request": {"level": "CRITICAL"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "py.warnings": {"filters": ["one_line"]},
        "django.security.csrf": {"filters": ["without_address"]},
        # These would log a line for every task that is received and finished. The services log
        # failures.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}

# A request's id goes along with the tasks that the request sends, and nothing else of it does.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG

# Errors are logged, and reported to this address as well if there is one.
if SENTRY_DSN := env.str("SENTRY_DSN", default=""):
    # The import costs megabytes and a tenth of the start of every process, and a site that does
    # not report has no use for it.
    from skinsite import error_reports

    error_reports.start(SENTRY_DSN)
