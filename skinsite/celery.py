"""The Celery app of the site; its configuration is the ``CELERY_*`` part of the settings."""

from __future__ import annotations

import logging.config
import os

from celery import Celery, signals
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from skinsite import folder_broker  # noqa: F401  (registers folder:// as a broker address)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skinsite.settings")

app = Celery("skinsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def configure_logging(**options: object) -> None:
    """Log as the site does, because Celery would set levels and handlers of its own."""
    logging.config.dictConfig(settings.LOGGING)
