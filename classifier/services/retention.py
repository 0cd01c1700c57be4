"""Delete what is older than the site keeps it."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from classifier.models import Submission
from classifier.services.delete import delete

#: Deleted in one go at most, so that the schedule is not held up; the rest follows next time.
BATCH = 500


def expire() -> int:
    """Delete finished submissions older than ``RETENTION``, and return how many.

    One by one: what cannot be deleted now takes nothing else along, and is tried again next time.
    """
    if not settings.RETENTION:
        return 0
    expired = Submission.objects.finished().filter(
        created_at__lt=timezone.now() - settings.RETENTION
    )
    rows = list(expired.order_by("created_at")[:BATCH])
    for submission in rows:
        delete(submission, actor=None)
    return len(rows)
