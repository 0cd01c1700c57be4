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
from classifier.models import ModelVersion, Prediction, Status, Submission
from classifier.uploads import InvalidImage
from ml.predictor import Diagnosis

logger = logging.getLogger(__name__)

UNREADABLE = "The stored picture can no longer be read. Please upload it again."
GAVE_UP = (
    "Something went wrong on our side while we analysed this picture, more than once. "
    "You can try again; if it keeps failing, please tell us."
)


def analyse(pk: uuid.UUID | str) -> bool:
    """Claim the submission ``pk`` and bring it to DONE or FAILED.

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
        model_version, predictor = predictors.active()
        diagnosis = predictor.predict([_read(submission)])[0]
    except InvalidImage as error:
        fail(submission, reason=str(error), detail=repr(error.__cause__))
    # Also Celery's soft time limit, which is an Exception.
    except Exception as error:
        logger.exception("Attempt %d at %s failed", submission.attempts, pk)
        return _release(submission, error)
    else:
        _finish(submission, model_version, diagnosis)
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


def _read(submission: Submission) -> Image.Image:
    try:
        with submission.image.open("rb") as stream, Image.open(stream) as image:
            return image.convert("RGB")
    except (FileNotFoundError, Image.UnidentifiedImageError) as error:
        raise InvalidImage(UNREADABLE) from error


def _finish(submission: Submission, model_version: ModelVersion, diagnosis: Diagnosis) -> None:
    with transaction.atomic():
        if not _latest_attempt(submission).select_for_update().exists():
            return
        prediction, _ = Prediction.objects.get_or_create(
            submission=submission,
            model_version=model_version,
            defaults={
                "verdict": diagnosis.verdict,
                "malignant_probability": diagnosis.malignant_probability,
                "confidence": diagnosis.confidence,
                "probabilities": diagnosis.probabilities,
                "inference_ms": diagnosis.inference_ms,
            },
        )
        _latest_attempt(submission).update(
            status=Status.DONE,
            prediction=prediction,
            failure_reason="",
            failure_detail="",
            finished_at=timezone.now(),
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
