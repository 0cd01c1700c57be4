"""Record what a clinician says of a submission."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from classifier.models import Review, Submission, User
from classifier.models.submission import REVIEW_PERMISSION


def record_review(
    *, submission: Submission, reviewer: User, diagnosis: str, comment: str
) -> Review:
    """Record or change ``reviewer``'s own judgement of ``submission``.

    The history keeps every version of it.

    Raises:
        PermissionDenied: ``reviewer`` is not one.
        ValidationError: the diagnosis is unknown, or the comment is too long.
    """
    if not reviewer.has_perm(REVIEW_PERMISSION):
        raise PermissionDenied("Only reviewers may record a diagnosis.")
    with transaction.atomic():
        # Reviews of a submission are recorded one after the other. So a form that is sent twice
        # changes the review that it has made, and does not make another.
        Submission.objects.select_for_update().get(pk=submission.pk)
        found = Review.objects.filter(submission=submission, reviewer=reviewer).first()
        recorded = found or Review(submission=submission, reviewer=reviewer)
        recorded.diagnosis, recorded.comment = diagnosis, comment
        recorded.full_clean(validate_unique=False)
        recorded.save()
    return recorded
