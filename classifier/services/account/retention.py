"""Delete submissions that are older than the site keeps them."""

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

#: At most this many are deleted in one go, so that the schedule is not held up. The rest follows
#: the next time.
BATCH = 500


class Expired(NamedTuple):
    """Says how many were deleted, and holds the keys of those that could not be."""

    deleted: int
    failed: list[uuid.UUID]


def select_expired_submissions(sent_before: datetime) -> SubmissionQuerySet:
    """Return the oldest finished submissions that were sent in before ``sent_before``."""
    rows = Submission.objects.finished().filter(created_at__lt=sent_before)
    return rows.order_by("created_at", "id")[:BATCH]


def delete_expired_submissions() -> Expired:
    """Delete finished submissions older than ``RETENTION``.

    They are deleted one by one, so that one that cannot be deleted does not hold up the others. It
    is tried again the next time.

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
