"""Queue a submission again."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from classifier.models import Status, Submission, User
from classifier.models.reason import NO_FAILURE
from classifier.models.submission import FINISHED, REVIEW_PERMISSION
from classifier.services.submissions.dispatch import dispatch_analysis
from classifier.services.submissions.quota import charge_retry


def retry_submission(submission: Submission) -> bool:
    """Queue a FAILED ``submission`` for its owner. It gets all its attempts again.

    Returns:
        Whether it was queued; False where it has not failed.

    Raises:
        QuotaExceeded: its owner has asked for too many retries.
    """
    if not submission.is_failed:
        return False
    charge_retry(owner_pk=submission.owner_id)
    return _queue(submission, [Status.FAILED])


def requeue_submission(submission: Submission) -> bool:
    """Queue a finished ``submission`` for an operator. It gets all its attempts again.

    Its predictions stay, and another model version adds its own.

    Returns:
        Whether it was queued; False where it is waiting or running already.
    """
    return _queue(submission, list(FINISHED))


def overrule_rejection(submission: Submission, *, reviewer: User) -> bool:
    """Queue a REJECTED ``submission`` to be judged however unfit the network finds its picture.

    The reason of the rejection stays on record, beside the clinician who decided otherwise.

    Returns:
        Whether it was queued; False where it is not rejected any more.

    Raises:
        PermissionDenied: ``reviewer`` is not one.
    """
    if not reviewer.has_perm(REVIEW_PERMISSION):
        raise PermissionDenied("Only reviewers may overrule a rejection.")
    return _queue(submission, [Status.REJECTED], overruled_by=reviewer)


def _queue(submission: Submission, statuses: list[Status], **changes: Any) -> bool:
    with transaction.atomic():
        queued = Submission.objects.filter(pk=submission.pk, status__in=statuses).update(
            status=Status.QUEUED,
            attempts=0,
            failure_detail="",
            queued_at=timezone.now(),
            sent_at=timezone.now(),
            started_at=None,
            finished_at=None,
            **NO_FAILURE,
            **changes,
        )
        if queued:
            transaction.on_commit(partial(dispatch_analysis, submission.pk))
    return bool(queued)
