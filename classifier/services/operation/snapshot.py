"""Read from the rows how the analysis is doing, so that every process tells the same."""

from __future__ import annotations

from datetime import timedelta
from statistics import quantiles
from typing import NamedTuple

from django.db.models import Count, Min
from django.utils import timezone

from classifier.models import Status, Submission
from classifier.models.observed import ImageType

#: What happened within this time counts as the present.
WINDOW = timedelta(hours=1)
#: The seconds from upload to result are taken from this many finished submissions.
RECENT = 500


class Snapshot(NamedTuple):
    """Holds the state of the analysis.

    Attributes:
        waiting: submissions by status, queued and running.
        oldest_seconds: how long the first one in the queue has waited; 0 where none does.
        finished: in the last hour, by status and model version (empty where there is none).
        rejected: in the last hour, by what was wrong with the picture.
        image_types: finished in the last hour, by how the picture was taken; those of which that
            is not told are not counted.
        seconds: from the queue to the result, the median and the 95th percentile of the last
            hour's last 500; empty where fewer than two finished.
        batch_pictures: pictures that were claimed together, the mean of the last hour; 0 where
            there were none.
    """

    waiting: dict[str, int]
    oldest_seconds: float
    finished: dict[tuple[str, str], int]
    rejected: dict[str, int]
    image_types: dict[str, int]
    seconds: dict[str, float]
    batch_pictures: float


def take_snapshot() -> Snapshot:
    """Return the state of the analysis. It takes seven queries, whatever the number of rows."""
    now = timezone.now()
    unfinished = Submission.objects.filter(status__in=[Status.QUEUED, Status.RUNNING])
    counted = dict(unfinished.order_by().values_list("status").annotate(Count("pk")))
    recent = Submission.objects.finished().filter(finished_at__gte=now - WINDOW).order_by()
    by_model = recent.values_list(
        "status", "prediction__model_version__name", "prediction__model_version__version"
    ).annotate(Count("pk"))
    told = recent.filter(image_type__isnull=False)
    by_type = dict(told.values_list("image_type").annotate(Count("pk")))
    rejections = recent.filter(status=Status.REJECTED).values_list("rejection")
    return Snapshot(
        waiting={status: counted.get(status, 0) for status in (Status.QUEUED, Status.RUNNING)},
        oldest_seconds=measure_oldest_seconds(),
        finished={
            (status, f"{name} {version}" if name else ""): number
            for status, name, version, number in by_model
        },
        rejected=dict(rejections.annotate(Count("pk"))),
        image_types={kind.value: by_type.get(kind, 0) for kind in ImageType},
        seconds=_seconds(recent),
        batch_pictures=_batch_pictures(recent),
    )


def measure_oldest_seconds() -> float:
    """Return for how many seconds the first one in the queue has waited; 0 where none does."""
    queued = Submission.objects.filter(status=Status.QUEUED)
    oldest = queued.aggregate(oldest=Min("queued_at"))["oldest"]
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def _batch_pictures(recent) -> float:
    # Submissions that were claimed together have the same start.
    counts = recent.aggregate(
        pictures=Count("started_at"), batches=Count("started_at", distinct=True)
    )
    return counts["pictures"] / counts["batches"] if counts["batches"] else 0.0


def _seconds(recent) -> dict[str, float]:
    newest = recent.order_by("-finished_at").values_list("queued_at", "finished_at")[:RECENT]
    took = [(finished - queued).total_seconds() for queued, finished in newest]
    if len(took) < 2:
        return {}
    cuts = quantiles(took, n=20, method="inclusive")
    return {"0.5": cuts[9], "0.95": cuts[18]}
