"""Add what another model version says, beside what was said before. Not for the web process."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from classifier.models import ModelVersion, Status, Submission
from classifier.predictors import Analyse
from classifier.services.record import record, stored_heat_maps
from classifier.services.stored import read
from classifier.uploads import InvalidImage
from ml.analysis import Analysis

BATCH = 32
#: What can come of a picture.
ADDED, REJECTED, UNREADABLE, GONE = "added", "rejected", "unreadable", "deleted meanwhile"

logger = logging.getLogger(__name__)


def waiting_for(model_version: ModelVersion, since: datetime | None = None) -> QuerySet[Submission]:
    """Return the submissions with a result but none of ``model_version``, oldest first.

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


def next_batch(
    model_version: ModelVersion, after: uuid.UUID | str | None = None
) -> list[Submission]:
    """Return the next submissions `waiting_for` a model version in the order of their keys.

    Args:
        model_version: whose prediction is missing.
        after: the last key of the batch before; None for the first one. What was rejected or could
            not be read still waits, and must not come again.
    """
    found = waiting_for(model_version)
    if after:
        found = found.filter(pk__gt=after)
    return list(found.order_by("pk")[:BATCH])


def reanalyse(
    submissions: Sequence[Submission], model_version: ModelVersion, analyse: Analyse
) -> Counter[str]:
    """Add the predictions of ``model_version`` to one batch and return what came of it.

    The prediction that is shown, and all others, stay as they are.

    Args:
        submissions: some that are `waiting_for` it.
        model_version: which network it is.
        analyse: how it analyses pictures, see `classifier.predictors`.
    """
    counts: Counter[str] = Counter()
    readable = []
    for submission, image in zip(submissions, read(submissions), strict=True):
        if isinstance(image, InvalidImage):
            logger.warning("The picture of %s cannot be read", submission.pk)
            counts[UNREADABLE] += 1
        else:
            readable.append((submission, image))
    # A clinician's decision that a picture is to be judged holds for this network too.
    for overruled in (False, True):
        chosen = [pair for pair in readable if bool(pair[0].overruled_by_id) == overruled]
        found = analyse([image for _, image in chosen], screened=not overruled)
        analyses = {
            submission.pk: analysis
            for (submission, _), analysis in zip(chosen, found, strict=True)
            if not analysis.rejection
        }
        added = _keep(analyses, model_version)
        counts[ADDED] += added
        counts[GONE] += len(analyses) - added
        counts[REJECTED] += len(found) - len(analyses)
    return +counts


def _keep(analyses: dict[uuid.UUID, Analysis], model_version: ModelVersion) -> int:
    """Record what is said of submissions that are still there; return how many that are."""
    with stored_heat_maps(analyses) as heat_maps, transaction.atomic():
        there = Submission.objects.select_for_update().filter(pk__in=analyses).order_by("pk")
        kept = {key: analyses[key] for key in there.values_list("pk", flat=True)}
        record(model_version, kept, heat_maps)
    return len(kept)
