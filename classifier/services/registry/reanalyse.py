"""Add what another model version says to what was said before. The web process never does."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from classifier.models import ModelVersion, Status, Submission
from classifier.predictors import Analyst
from classifier.services.submissions.claim import select_fitting
from classifier.services.submissions.record import record_predictions, store_heat_maps
from classifier.services.submissions.stored import Unreadable, read_stored_pictures
from ml.judging.analysis import Analysis

BATCH = 32
#: A reanalysis ends in one of these ways for a picture that it could read.
ADDED, REJECTED, GONE = "added", "rejected", "deleted meanwhile"
#: It ends in one of these ways where something goes wrong with the picture.
FAILED, UNREADABLE = "failed", "unreadable"
#: After these errors, other pictures would fail too, so that it is no use to go on.
NO_PICTURES_FAULT = (InterfaceError, OperationalError, SoftTimeLimitExceeded)

logger = logging.getLogger(__name__)


def select_unanswered(
    model_version: ModelVersion, *, since: datetime | None = None
) -> QuerySet[Submission]:
    """Return the submissions that have a result but none of ``model_version``, the oldest first.

    Args:
        model_version: whose prediction is missing.
        since: only those sent in from then on.
    """
    found = Submission.objects.filter(status=Status.DONE).exclude(
        predictions__model_version=model_version
    )
    if since:
        found = found.filter(created_at__gte=since)
    return found.order_by("created_at", "id")


def select_next_batch(
    model_version: ModelVersion, *, after: uuid.UUID | str | None = None
) -> list[Submission]:
    """Return the next submissions without a prediction of a model version, in the order of keys.

    Args:
        model_version: whose prediction is missing.
        after: the last key of the batch before; None for the first batch. Without it, pictures that
            were rejected or could not be read would come again, since they have no prediction.
    """
    found = select_unanswered(model_version)
    if after:
        found = found.filter(pk__gt=after)
    return list(found.order_by("pk")[:BATCH])


def reanalyse_submissions(
    submissions: Sequence[Submission], *, model_version: ModelVersion, analyst: Analyst
) -> dict[uuid.UUID, str]:
    """Add the predictions of ``model_version`` to one batch and return what came of each.

    All earlier predictions stay as they are, and so does the choice of the one that is shown. After
    an unexpected error each picture is looked at by itself, so that a bad one takes no other
    along.

    Args:
        submissions: some of those that `select_unanswered` returns for it.
        model_version: which network it is.
        analyst: how it analyses pictures, see `classifier.predictors`.

    Raises:
        OperationalError: the database is gone.
        SoftTimeLimitExceeded: there is no time left.
    """
    outcomes: dict[uuid.UUID, str] = {}
    for group in _groups(submissions):
        try:
            outcomes |= _reanalyse_together(group, model_version, analyst)
        except NO_PICTURES_FAULT:
            raise
        except Exception as error:
            if len(group) > 1:
                for submission in group:
                    outcomes |= reanalyse_submissions(
                        [submission], model_version=model_version, analyst=analyst
                    )
            else:
                logger.exception("%s failed: %s", group[0].pk, type(error).__name__)
                outcomes[group[0].pk] = FAILED
    return outcomes


def _groups(submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """Yield groups of submissions that go through the network together."""
    company = [submission for submission in submissions if not submission.alone]
    # Where a clinician decided that a picture is to be judged, this network must judge it too. The
    # screening is on or off for a whole group, so such pictures form groups of their own.
    for overruled in (False, True):
        group = [s for s in company if bool(s.overruled_by_id) == overruled]
        while group:
            # All pictures of a group are in memory at once, so their pixels are limited. The first
            # one goes in any case.
            first, *others = group
            together = [
                first,
                *select_fitting(others, pixels=settings.ANALYSIS_BATCH_PIXELS - first.pixels),
            ]
            yield together
            group = [submission for submission in others if submission not in together]
    yield from ([submission] for submission in submissions if submission.alone)


def _reanalyse_together(
    group: list[Submission], model_version: ModelVersion, analyst: Analyst
) -> dict[uuid.UUID, str]:
    outcomes, pictures = {}, {}
    for submission, image in zip(group, read_stored_pictures(group), strict=True):
        if isinstance(image, Unreadable):
            logger.warning("The picture of %s cannot be read", submission.pk)
            outcomes[submission.pk] = UNREADABLE
        else:
            pictures[submission.pk] = image
    if not pictures:
        return outcomes
    found = analyst(list(pictures.values()), screened=group[0].overruled_by_id is None)
    analyses = dict(zip(pictures, found, strict=True))
    diagnosed = {key: analysis for key, analysis in analyses.items() if not analysis.rejection}
    added = _keep(diagnosed, model_version)
    for key in analyses:
        outcomes[key] = ADDED if key in added else GONE if key in diagnosed else REJECTED
    return outcomes


def _keep(analyses: dict[uuid.UUID, Analysis], model_version: ModelVersion) -> set[uuid.UUID]:
    """Record what is said of submissions that are still there, and return their keys."""
    with store_heat_maps(analyses) as heat_maps, transaction.atomic():
        there = Submission.objects.select_for_update().filter(pk__in=analyses).order_by("pk")
        kept = {key: analyses[key] for key in there.values_list("pk", flat=True)}
        record_predictions(model_version=model_version, analyses=kept, heat_maps=heat_maps)
    return set(kept)
