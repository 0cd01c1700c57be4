"""The Celery app of the site; its configuration is the ``CELERY_*`` part of the settings."""

from __future__ import annotations

import os

from celery import Celery

from skinsite import folder_broker  # noqa: F401  (registers folder:// as a broker address)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skinsite.settings")

app = Celery("skinsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
