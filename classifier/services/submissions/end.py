"""End an attempt at submissions, or give them back. This runs in the worker only."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from classifier.models import Failure, ModelVersion, Prediction, Status, Submission
from classifier.models.reason import NO_FAILURE, NO_REJECTION
from classifier.services.submissions.record import (
    build_observed,
    record_predictions,
    store_heat_maps,
)
from ml.judging.analysis import Analysis, Rejection

logger = logging.getLogger(__name__)


def end_attempts(analyses: Mapping[Submission, Analysis], *, model_version: ModelVersion) -> None:
    """End this attempt at each submission as DONE or REJECTED, all in one transaction.

    Args:
        analyses: what was found, of submissions that were claimed together.
        model_version: which network it was.
    """
    diagnosed = {s.pk: analysis for s, analysis in analyses.items() if not analysis.rejection}
    with store_heat_maps(diagnosed) as heat_maps, transaction.atomic():
        rows = _latest_attempt(*analyses).select_for_update().order_by("pk")
        there = set(rows.values_list("pk", flat=True))
        done = {}
        for submission, analysis in analyses.items():
            if analysis.rejection:
                _reject(submission, analysis.rejection, build_observed(analysis))
            elif submission.pk in there:
                done[submission] = analysis
        if done:
            _finish(done, heat_maps, model_version)
    for submission, analysis in analyses.items():
        logger.info("%s is %s", submission.pk, "rejected" if analysis.rejection else "done")


def _reject(submission: Submission, rejection: Rejection, observed: dict[str, Any]) -> None:
    _latest_attempt(submission).update(
        status=Status.REJECTED,
        rejection=rejection.problem,
        rejection_values=rejection.values,
        rejection_reason="",
        failure_detail=rejection.detail,
        finished_at=timezone.now(),
        **NO_FAILURE,
        **observed,
    )


def _finish(
    analyses: Mapping[Submission, Analysis],
    heat_maps: Mapping[uuid.UUID, str],
    model_version: ModelVersion,
) -> None:
    found = {submission.pk: analysis for submission, analysis in analyses.items()}
    record_predictions(model_version=model_version, analyses=found, heat_maps=heat_maps)
    theirs = Prediction.objects.filter(submission=OuterRef("pk"), model_version=model_version)
    # If a clinician overruled a rejection, its reason stays on the page. Otherwise an earlier
    # rejection was a mistake, and is removed.
    overruled = any(submission.overruled_by_id for submission in analyses)
    accepted = {} if overruled else NO_REJECTION
    for observed, submissions in _alike(analyses):
        _latest_attempt(*submissions).update(
            status=Status.DONE,
            prediction=Subquery(theirs.values("pk")),
            failure_detail="",
            finished_at=timezone.now(),
            **NO_FAILURE,
            **accepted,
            **observed,
        )


def _alike(
    analyses: Mapping[Submission, Analysis],
) -> Iterator[tuple[dict[str, Any], list[Submission]]]:
    """Yield what was found of the pictures beside the results, each with all submissions it fits.

    It is the same for most pictures, so that one statement does for all of these.
    """
    waiting = {submission: build_observed(analysis) for submission, analysis in analyses.items()}
    while waiting:
        observed = next(iter(waiting.values()))
        submissions = [submission for submission, other in waiting.items() if other == observed]
        yield observed, submissions
        for submission in submissions:
            del waiting[submission]


def fail_attempt(submission: Submission, *, failure: Failure, detail: str) -> None:
    """End this attempt at ``submission`` as FAILED."""
    _latest_attempt(submission).update(
        status=Status.FAILED,
        failure=failure,
        failure_reason="",
        failure_detail=detail,
        finished_at=timezone.now(),
    )


def release_submission(submission: Submission, *, error: Exception) -> bool:
    """Give the row back after an unexpected error, or fail it where no attempts are left.

    Returns:
        Whether it waits again.
    """
    detail = f"{type(error).__name__}: {error}"
    _latest_attempt(submission).update(alone=True)
    if submission.attempts >= settings.ANALYSIS_MAX_ATTEMPTS:
        fail_attempt(submission, failure=Failure.GAVE_UP, detail=detail)
        return False
    released = _latest_attempt(submission).update(
        status=Status.QUEUED, failure_detail=detail, sent_at=timezone.now()
    )
    return bool(released)


def _latest_attempt(*submissions: Submission) -> QuerySet[Submission]:
    """Return the rows that were not swept, retried or deleted since this attempt began."""
    # Submissions that were claimed together are all at their first attempt.
    (attempts,) = {submission.attempts for submission in submissions}
    keys = [submission.pk for submission in submissions]
    return Submission.objects.filter(pk__in=keys, status=Status.RUNNING, attempts=attempts)
