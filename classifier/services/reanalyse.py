"""Add what another model version says, beside what was said before. Runs in commands only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from classifier.models import ModelVersion, Status, Submission
from classifier.predictors import Analyse
from classifier.services.analyse import read
from classifier.services.record import record
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


def reanalyse(
    submissions: QuerySet[Submission], model_version: ModelVersion, analyse: Analyse
) -> Iterator[Counter[str]]:
    """Add the predictions of ``model_version`` and yield what came of each batch.

    Every batch is kept at once: who stops and starts again goes on with those that are left. The
    prediction that is shown, and all others, stay as they are.

    Args:
        submissions: see `waiting_for`.
        model_version: which network it is.
        analyse: how it analyses pictures, see `classifier.predictors`.
    """
    keys = list(submissions.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        counts: Counter[str] = Counter()
        readable = []
        for submission in Submission.objects.filter(pk__in=keys[start : start + BATCH]):
            try:
                readable.append((submission, read(submission)))
            except InvalidImage:
                logger.warning("The picture of %s cannot be read", submission.pk)
                counts[UNREADABLE] += 1
        # A clinician's decision that a picture is to be judged holds for this network too.
        for overruled in (False, True):
            chosen = [pair for pair in readable if bool(pair[0].overruled_by_id) == overruled]
            found = analyse([image for _, image in chosen], screened=not overruled)
            for (submission, _), analysis in zip(chosen, found, strict=True):
                counts[_keep(submission, model_version, analysis)] += 1
        yield counts


def _keep(submission: Submission, model_version: ModelVersion, analysis: Analysis) -> str:
    if analysis.rejection:
        return REJECTED
    with transaction.atomic():
        if not Submission.objects.select_for_update().filter(pk=submission.pk).exists():
            return GONE
        record(submission, model_version, analysis)
    return ADDED
