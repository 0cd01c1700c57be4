"""Take waiting submissions for one worker, and for no other."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from classifier.models import Status, Submission


def claim_submissions(pk: uuid.UUID | str) -> list[Submission]:
    """Return the submission ``pk`` and others that wait, now RUNNING; none where it does not wait.

    A picture costs the network less in company than alone, so a worker that comes for one takes
    along what has waited longest, up to ``ANALYSIS_BATCH_SIZE`` and, since all of them are in
    memory at once, ``ANALYSIS_BATCH_PIXELS``. The messages of those find nothing to do later.

    Only what has never been tried is taken along, and nothing goes with what has: a picture that
    takes its worker down costs its companions one attempt, and then stands alone, for good: a retry
    gives it its attempts back, but no company.
    """
    with transaction.atomic():
        # A second worker waits for the first one's commit, and finds the row RUNNING.
        first = Submission.objects.select_for_update().filter(pk=pk, status=Status.QUEUED).first()
        if first is None:
            return []
        rows = [first]
        if _goes_with_others(first):
            others = (
                Submission.objects.select_for_update(skip_locked=True)
                .filter(status=Status.QUEUED, attempts=0, alone=False, overruled_by=None)
                .exclude(pk=first.pk)
                .order_by("queued_at")[: settings.ANALYSIS_BATCH_SIZE - 1]
            )
            rows += select_fitting(others, pixels=settings.ANALYSIS_BATCH_PIXELS - first.pixels)
        Submission.objects.filter(pk__in=[row.pk for row in rows]).update(
            status=Status.RUNNING, started_at=timezone.now(), attempts=F("attempts") + 1
        )
    for row in rows:
        row.attempts += 1
    return rows


def select_fitting(submissions: Iterable[Submission], *, pixels: int) -> list[Submission]:
    """Return those of ``submissions``, in order, that have no more ``pixels`` in all."""
    found = []
    for submission in submissions:
        if submission.pixels <= pixels:
            pixels -= submission.pixels
            found.append(submission)
    return found


def _goes_with_others(submission: Submission) -> bool:
    """Whether it is as every new one is: untried, and to be screened."""
    return not (submission.attempts or submission.alone or submission.overruled_by_id)
