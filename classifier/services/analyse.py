"""Let the active model judge waiting submissions. Runs in the worker only."""

from __future__ import annotations

import logging
import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from PIL import Image

from classifier import predictors
from classifier.models import ModelVersion, Status, Submission
from classifier.services.claim import claim
from classifier.services.dispatch import dispatch
from classifier.services.record import record
from classifier.uploads import InvalidImage
from ml.analysis import Analysis, Rejection

logger = logging.getLogger(__name__)

UNREADABLE = "The stored picture can no longer be read. Please upload it again."
GAVE_UP = (
    "Something went wrong on our side while we analysed this picture, more than once. "
    "You can try again; if it keeps failing, please tell us."
)


def analyse(pk: uuid.UUID | str) -> bool:
    """Claim the submission ``pk``, with others that wait, and bring all to an end.

    Each is DONE, REJECTED or FAILED by itself; a surprise is everybody's.

    Returns:
        Whether ``pk`` should be tried again later: after a surprise, while attempts are left.
        False also where there was nothing to do: it is gone, finished or another worker's.
    """
    submissions = claim(pk)
    try:
        readable = _readable(submissions)
        if readable:
            model_version, analyse_pictures = predictors.active()
            screened = submissions[0].overruled_by_id is None
            found = analyse_pictures([image for _, image in readable], screened=screened)
            for (submission, _), analysis in zip(readable, found, strict=True):
                _end(submission, model_version, analysis)
    # Also Celery's soft time limit, which is an Exception.
    except Exception as error:
        first, *others = submissions
        logger.exception("Attempt %d at %s failed", first.attempts, pk)
        for submission in others:
            if _release(submission, error):
                dispatch(submission.pk)
        return _release(first, error)
    return False


def _readable(submissions: list[Submission]) -> list[tuple[Submission, Image.Image]]:
    """Return those whose picture can be read, with it; the others have failed."""
    found = []
    for submission in submissions:
        try:
            found.append((submission, read(submission)))
        except InvalidImage as error:
            fail(submission, reason=str(error), detail=repr(error.__cause__))
    return found


def _end(submission: Submission, model_version: ModelVersion, analysis: Analysis) -> None:
    if analysis.rejection:
        _reject(submission, analysis.rejection)
    else:
        _finish(submission, model_version, analysis)


def fail(submission: Submission, *, reason: str, detail: str) -> None:
    """End this attempt at ``submission`` as FAILED, with a sentence for its owner."""
    _latest_attempt(submission).update(
        status=Status.FAILED,
        failure_reason=reason,
        failure_detail=detail,
        finished_at=timezone.now(),
    )


def _latest_attempt(submission: Submission):
    """Return the row if it is still this attempt's: not swept, retried or deleted meanwhile."""
    return Submission.objects.filter(
        pk=submission.pk, status=Status.RUNNING, attempts=submission.attempts
    )


def read(submission: Submission) -> Image.Image:
    """Return the stored picture.

    Raises:
        InvalidImage: it is gone or damaged.
    """
    try:
        with submission.image.open("rb") as stream, Image.open(stream) as image:
            return image.convert("RGB")
    except (FileNotFoundError, Image.UnidentifiedImageError) as error:
        raise InvalidImage(UNREADABLE) from error


def _reject(submission: Submission, rejection: Rejection) -> None:
    _latest_attempt(submission).update(
        status=Status.REJECTED,
        rejection=rejection.problem,
        rejection_reason=rejection.advice,
        failure_reason="",
        failure_detail=rejection.detail,
        finished_at=timezone.now(),
    )


def _finish(submission: Submission, model_version: ModelVersion, analysis: Analysis) -> None:
    with transaction.atomic():
        if not _latest_attempt(submission).select_for_update().exists():
            return
        # Why a clinician had to overrule stays on the page; what was rejected by mistake does not.
        accepted = {} if submission.overruled_by_id else {"rejection": "", "rejection_reason": ""}
        _latest_attempt(submission).update(
            status=Status.DONE,
            prediction=record(submission, model_version, analysis),
            failure_reason="",
            failure_detail="",
            finished_at=timezone.now(),
            **accepted,
        )


def _release(submission: Submission, error: Exception) -> bool:
    """Give the row back after a surprise, or give up where it has had its attempts."""
    detail = f"{type(error).__name__}: {error}"
    if submission.attempts >= settings.ANALYSIS_MAX_ATTEMPTS:
        fail(submission, reason=GAVE_UP, detail=detail)
        return False
    released = _latest_attempt(submission).update(
        status=Status.QUEUED, failure_detail=detail, sent_at=timezone.now()
    )
    return bool(released)
