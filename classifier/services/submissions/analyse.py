"""Let the active model judge waiting submissions. Runs in the worker only."""

from __future__ import annotations

import logging
import uuid

from PIL import Image

from classifier import predictors
from classifier.models import Submission
from classifier.services.submissions.claim import claim
from classifier.services.submissions.dispatch import dispatch
from classifier.services.submissions.end import end, fail, release
from classifier.services.submissions.stored import read
from classifier.uploads import InvalidImage

logger = logging.getLogger(__name__)


def analyse(pk: uuid.UUID | str) -> bool:
    """Claim the submission ``pk``, with others that wait, and bring all to an end.

    Each is DONE, REJECTED or FAILED by itself; a surprise is everybody's.

    Returns:
        Whether ``pk`` should be tried again later: after a surprise, while attempts are left.
        False also where there was nothing to do: it is gone, finished or another worker's.
    """
    submissions = claim(pk)
    try:
        if pictures := _readable(submissions):
            model_version, analyse_pictures = predictors.active()
            screened = submissions[0].overruled_by_id is None
            found = analyse_pictures(list(pictures.values()), screened=screened)
            end(dict(zip(pictures, found, strict=True)), model_version)
    # Also Celery's soft time limit, which is an Exception.
    except Exception as error:
        first, *others = submissions
        logger.exception("Attempt %d at %s failed", first.attempts, pk)
        for submission in others:
            if release(submission, error):
                dispatch(submission.pk)
        return release(first, error)
    return False


def _readable(submissions: list[Submission]) -> dict[Submission, Image.Image]:
    """Return the pictures of those that have one; the others have failed."""
    found = {}
    for submission, image in zip(submissions, read(submissions), strict=True):
        if isinstance(image, InvalidImage):
            fail(submission, reason=str(image), detail=repr(image.__cause__))
        else:
            found[submission] = image
    return found
