"""Let the active model judge waiting submissions. This runs in the worker only."""

from __future__ import annotations

import logging
import uuid

from PIL import Image

from classifier import predictors
from classifier.models import Failure, Submission
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.dispatch import dispatch_analysis
from classifier.services.submissions.end import end_attempts, fail_attempt, release_submission
from classifier.services.submissions.stored import Unreadable, read_stored_pictures

logger = logging.getLogger(__name__)


def analyse_waiting_submissions(pk: uuid.UUID | str) -> bool:
    """Claim the submission ``pk`` together with others that wait, and bring all to an end.

    Each of them becomes DONE, REJECTED or FAILED by itself. An unexpected error ends the attempt at
    all of them.

    Returns:
        Whether ``pk`` should be tried again later. That is so after an unexpected error, as long as
        attempts are left. It is False where there was nothing to do, since the submission is gone,
        finished or another worker's.
    """
    submissions = claim_submissions(pk)
    try:
        if pictures := _readable(submissions):
            model_version, analyst = predictors.load_active_analyst()
            screened = submissions[0].overruled_by_id is None
            found = analyst(list(pictures.values()), screened=screened)
            end_attempts(dict(zip(pictures, found, strict=True)), model_version=model_version)
    # Celery's soft time limit is such an error too.
    except Exception as error:
        first, *others = submissions
        logger.exception("Attempt %d at %s failed", first.attempts, pk)
        for submission in others:
            if release_submission(submission, error=error):
                dispatch_analysis(submission.pk)
        return release_submission(first, error=error)
    return False


def _readable(submissions: list[Submission]) -> dict[Submission, Image.Image]:
    """Return the pictures that can be read, and fail the submissions of the others."""
    found = {}
    for submission, image in zip(submissions, read_stored_pictures(submissions), strict=True):
        if isinstance(image, Unreadable):
            fail_attempt(submission, failure=Failure.UNREADABLE, detail=repr(image.error))
        else:
            found[submission] = image
    return found
