"""Claim waiting submissions for one worker, so that no other takes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from classifier.models import Status, Submission


def claim_submissions(pk: uuid.UUID | str) -> list[Submission]:
    """Claim and return the submission ``pk`` and others that wait. They are RUNNING from now on.

    Nothing is returned where ``pk`` does not wait.

    A picture costs the network less in company than alone. So a worker that comes for one takes
    along those that have waited longest, up to ``ANALYSIS_BATCH_SIZE``. Since all of them are in
    memory at once, they also have no more than ``ANALYSIS_BATCH_PIXELS``. Their own messages find
    nothing to do later.

    Only submissions that have never been tried are taken along, and one that has been tried goes
    alone. So a picture that takes its worker down costs its companions one attempt at most. From
    then on it is always analysed alone. A retry gives it its attempts back, but no company.
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
    """Return those of ``submissions``, in order, that together have at most so many ``pixels``."""
    found = []
    for submission in submissions:
        if submission.pixels <= pixels:
            pixels -= submission.pixels
            found.append(submission)
    return found


def _goes_with_others(submission: Submission) -> bool:
    """Return whether it is like every new one: it has not been tried, and is to be screened."""
    return not (submission.attempts or submission.alone or submission.overruled_by_id)
