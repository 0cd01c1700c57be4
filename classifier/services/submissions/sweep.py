"""Bring back submissions whose message or worker was lost."""

from __future__ import annotations

import logging
import uuid
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Case, QuerySet, When
from django.utils import timezone

from classifier.models import Failure, Status, Submission
from classifier.services.submissions.dispatch import count_waiting_messages, dispatch_analysis

logger = logging.getLogger(__name__)

#: One sweep sends at most this many again, so that a long outage does not end in a flood.
BATCH = 500


class Swept(NamedTuple):
    """Says how many submissions a sweep found."""

    resent: int
    returned: int
    failed: int


def sweep_lost_submissions() -> Swept:
    """Send lost messages again and take back rows from workers that died with them."""
    now = timezone.now()
    overdue = Submission.objects.worker_lost(now - settings.ANALYSIS_TIME_LIMIT)
    failed = _give_up(overdue)
    returned = _send(overdue.order_by("started_at"), BATCH, alone=True)
    unheard = Submission.objects.message_lost(now - settings.MESSAGE_LOST_AFTER)
    resent = _send(unheard.order_by("sent_at"), min(BATCH, _lost(unheard)))
    return Swept(resent, returned, failed)


def return_lost_companions(pk: uuid.UUID | str) -> bool:
    """Take back at once the submissions that a dead worker had claimed together with ``pk``.

    The others are sent before ``pk``, which may kill the next worker too. So they do not wait for
    it.

    Returns:
        Whether a worker had died with ``pk``.
    """
    lost = Submission.objects.filter(pk=pk, status=Status.RUNNING).first()
    if lost is None:
        return False
    together = Submission.objects.filter(status=Status.RUNNING, started_at=lost.started_at)
    _give_up(together)
    _send(together.order_by(Case(When(pk=pk, then=1), default=0)), BATCH, alone=True)
    return True


def _give_up(lost: QuerySet[Submission]) -> int:
    """Fail those of ``lost`` that have no attempts left, and return how many there were."""
    return lost.filter(attempts__gte=settings.ANALYSIS_MAX_ATTEMPTS).update(
        status=Status.FAILED,
        alone=True,
        failure=Failure.WORKER_LOST,
        failure_reason="",
        failure_detail="The worker was lost.",
        finished_at=timezone.now(),
    )


def _lost(unheard: QuerySet[Submission]) -> int:
    """Return how many waiting submissions have no message in the queue.

    The others are not lost. They wait because the queue is long.
    """
    if not unheard.exists():
        return 0
    try:
        messages = count_waiting_messages()
    # If anything is wrong with the broker, it takes no messages now. The next sweep asks again.
    except Exception as error:
        logger.error("Broker unreachable, nothing is sent again: %s", type(error).__name__)
        return 0
    return max(0, Submission.objects.filter(status=Status.QUEUED).count() - messages)


def _send(rows: QuerySet[Submission], number: int, **changes: Any) -> int:
    """Queue the first ``number`` of ``rows``, and return how many there were."""
    with transaction.atomic():
        locked = rows.select_for_update(skip_locked=True)
        keys = list(locked.values_list("pk", flat=True)[:number])
        Submission.objects.filter(pk__in=keys).update(
            status=Status.QUEUED, sent_at=timezone.now(), **changes
        )
    for pk in keys:
        dispatch_analysis(pk)
    return len(keys)
