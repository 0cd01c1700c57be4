"""Gather what an operator sees at a glance: what works, what waits and what went wrong."""

from __future__ import annotations

import shutil
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from classifier.models import ModelVersion, Status, Submission
from classifier.services.operation import readiness
from classifier.services.operation.snapshot import Snapshot, take_snapshot

#: This many failures are listed.
LATEST = 10


class Overview(NamedTuple):
    """Says how the site runs.

    Attributes:
        problems: why a part does not work, by part; empty where it does.
        snapshot: the analysis now and in the last hour.
        model_version: the active one.
        failures: the latest submissions that ended without a result.
        free_gigabytes: on the disk of the data folder.
        parts: what the site is put together from, in words.
        limits: settings that decide what a person and a worker may do, by name.
    """

    problems: dict[str, str]
    snapshot: Snapshot
    model_version: ModelVersion | None
    failures: list[Submission]
    free_gigabytes: float
    parts: dict[str, str]
    limits: dict[str, Any]


def gather_overview() -> Overview:
    """Return how the site runs now, in as many queries for many rows as for few."""
    failed = Submission.objects.filter(status=Status.FAILED).order_by("-finished_at")
    return Overview(
        problems=readiness.check_parts(),
        snapshot=take_snapshot(),
        model_version=ModelVersion.objects.filter(is_active=True).first(),
        failures=list(failed[:LATEST]),
        free_gigabytes=shutil.disk_usage(settings.DATA_DIR).free / 1e9,
        parts={
            "Database": connection.vendor,
            "Broker": settings.CELERY_BROKER_URL.partition(":")[0],
            "Pictures": settings.STORAGES["default"]["BACKEND"].rpartition(".")[2],
        },
        limits={
            "Megabytes a file": settings.UPLOAD_MAX_BYTES // 1024**2,
            "Megabytes a request": settings.UPLOAD_MAX_REQUEST_BYTES // 1024**2,
            "Megapixels a picture": settings.UPLOAD_MAX_PIXELS // 1_000_000,
            "Uploads an hour and account": settings.UPLOADS_PER_HOUR,
            "Pictures kept of an account": settings.UPLOADS_KEPT,
            "Days until a picture is deleted": settings.RETENTION.days
            if settings.RETENTION
            else "kept until its owner deletes it",
            "Seconds for an analysis": int(settings.ANALYSIS_TIME_LIMIT.total_seconds()),
            "Attempts at a picture": settings.ANALYSIS_MAX_ATTEMPTS,
            "Pictures a call of the network, at most": settings.ANALYSIS_BATCH_SIZE,
            "Seconds in the queue from which it does not work": int(
                settings.QUEUE_MAX_AGE.total_seconds()
            ),
            "Staff need a second factor": "yes" if settings.STAFF_SECOND_FACTOR else "no",
        },
    )
