"""Bring back submissions whose message or worker was lost."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifier.models import Status, Submission
from classifier.services.dispatch import dispatch

#: Sent again in one sweep at most, so that a long outage does not end in a flood.
BATCH = 500

WORKER_LOST = (
    "The analysis of this picture stopped more than once before it was finished. "
    "You can try again; if it keeps failing, please send another picture of the lesion."
)


class Swept(NamedTuple):
    """How many submissions a sweep found."""

    resent: int
    returned: int
    failed: int


def sweep() -> Swept:
    """Send lost messages again and take back rows from workers that died with them."""
    now = timezone.now()
    overdue = Submission.objects.worker_lost(now - settings.ANALYSIS_TIME_LIMIT)
    failed = overdue.filter(attempts__gte=settings.ANALYSIS_MAX_ATTEMPTS).update(
        status=Status.FAILED,
        failure_reason=WORKER_LOST,
        failure_detail="The worker was lost.",
        finished_at=now,
    )
    returned = _send(overdue)
    resent = _send(Submission.objects.message_lost(now - settings.MESSAGE_LOST_AFTER))
    return Swept(resent, returned, failed)


def _send(rows) -> int:
    with transaction.atomic():
        keys = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Submission.objects.filter(pk__in=keys).update(status=Status.QUEUED, sent_at=timezone.now())
    for pk in keys:
        dispatch(pk)
    return len(keys)
