"""Queue a submission again."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from classifier.models import Status, Submission
from classifier.services.dispatch import dispatch


def retry(submission: Submission, *, requeue_done: bool = False) -> bool:
    """Queue ``submission`` for a fresh analysis, with all its attempts before it.

    Args:
        submission: a FAILED one.
        requeue_done: also a DONE one; its predictions stay, another model version adds its own.

    Returns:
        Whether it was queued; False where it is waiting or running already.
    """
    statuses = [Status.FAILED, Status.DONE] if requeue_done else [Status.FAILED]
    with transaction.atomic():
        queued = Submission.objects.filter(pk=submission.pk, status__in=statuses).update(
            status=Status.QUEUED,
            attempts=0,
            failure_reason="",
            failure_detail="",
            sent_at=timezone.now(),
            started_at=None,
            finished_at=None,
        )
        if queued:
            transaction.on_commit(partial(dispatch, submission.pk))
    return bool(queued)
