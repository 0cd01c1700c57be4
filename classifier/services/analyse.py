"""Let the active model judge a waiting submission. Runs in the worker only."""

from __future__ import annotations

import logging
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from PIL import Image

from classifier import predictors
from classifier.models import ModelVersion, Status, Submission
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
    """Claim the submission ``pk`` and bring it to DONE, REJECTED or FAILED.

    Returns:
        Whether it should be tried again later: after a surprise, while attempts are left.
        False also where there was nothing to do: it is gone, finished or another worker's.
    """
    claimed = Submission.objects.filter(pk=pk, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=timezone.now(), attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    submission = Submission.objects.filter(pk=pk).first()
    if submission is None:
        return False
    try:
        model_version, analyse_pictures = predictors.active()
        screened = submission.overruled_by_id is None
        analysis = analyse_pictures([read(submission)], screened=screened)[0]
    except InvalidImage as error:
        fail(submission, reason=str(error), detail=repr(error.__cause__))
    # Also Celery's soft time limit, which is an Exception.
    except Exception as error:
        logger.exception("Attempt %d at %s failed", submission.attempts, pk)
        return _release(submission, error)
    else:
        if analysis.rejection:
            _reject(submission, analysis.rejection)
        else:
            _finish(submission, model_version, analysis)
    return False


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
