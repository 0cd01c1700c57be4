"""Delete what is older than the site keeps it."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from classifier.models import Submission
from classifier.models.submission import SubmissionQuerySet
from classifier.services.submissions.delete import delete_submission

logger = logging.getLogger(__name__)

#: Deleted in one go at most, so that the schedule is not held up; the rest follows next time.
BATCH = 500


class Expired(NamedTuple):
    """How many were deleted, and the keys of those that could not be."""

    deleted: int
    failed: list[uuid.UUID]


def select_expired_submissions(sent_before: datetime) -> SubmissionQuerySet:
    """Return the first finished submissions to go, of those sent in before a moment."""
    rows = Submission.objects.finished().filter(created_at__lt=sent_before)
    return rows.order_by("created_at", "id")[:BATCH]


def delete_expired_submissions() -> Expired:
    """Delete finished submissions older than ``RETENTION``.

    One by one: what cannot be deleted now takes nothing else along, and is tried again next time.

    Raises:
        OperationalError: the database is gone.
        SoftTimeLimitExceeded: there is no time left.
    """
    failed: list[uuid.UUID] = []
    if not settings.RETENTION:
        return Expired(0, failed)
    rows = list(select_expired_submissions(timezone.now() - settings.RETENTION))
    for submission in rows:
        try:
            delete_submission(submission, actor=None)
        except (InterfaceError, OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception:
            logger.exception("%s is too old and cannot be deleted", submission.pk)
            failed.append(submission.pk)
    return Expired(len(rows) - len(failed), failed)
