"""Give Prometheus its figures, if it sends the token."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from classifier import counters
from classifier.services.operation import readiness
from classifier.services.operation.snapshot import Snapshot, take_snapshot


@never_cache
@require_safe
def monitoring(request: HttpRequest) -> HttpResponse:
    _ask_for_the_token(request)
    return HttpResponse(
        generate_latest(counters.registry()) + _exposed(take_snapshot()),
        content_type=CONTENT_TYPE_LATEST,
    )


@never_cache
@require_safe
def parts(request: HttpRequest) -> HttpResponse:
    """Tell which parts work.

    The figures have an address of their own, so that they need not wait for a part that hangs.
    """
    _ask_for_the_token(request)
    registry = CollectorRegistry()
    works = Gauge("skinsite_part_works", "Whether a part works.", ["part"], registry=registry)
    for part, problem in readiness.check_parts().items():
        works.labels(part).set(not problem)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _ask_for_the_token(request: HttpRequest) -> None:
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not constant_time_compare(given, expected):
        raise Http404


def _exposed(snapshot: Snapshot) -> bytes:
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"skinsite_{name}", meaning, labels, registry=registry)

    waiting = gauge("submissions_waiting", "Submissions that are not finished.", "status")
    for status, number in snapshot.waiting.items():
        waiting.labels(status).set(number)
    oldest = gauge("queue_oldest_seconds", "How long the first one in the queue has waited.")
    oldest.set(snapshot.oldest_seconds)
    finished = gauge("submissions_finished", "Finished within the last hour.", "status", "model")
    for (status, model), number in snapshot.finished.items():
        finished.labels(status, model).set(number)
    rejected = gauge("submissions_rejected", "Rejected within the last hour.", "problem")
    for problem, number in snapshot.rejected.items():
        rejected.labels(problem).set(number)
    types = gauge("image_types", "Finished within the last hour, by how taken.", "image_type")
    for image_type, number in snapshot.image_types.items():
        types.labels(image_type).set(number)
    took = gauge("result_seconds", "From the queue to the result, in the last hour.", "quantile")
    for quantile, seconds in snapshot.seconds.items():
        took.labels(quantile).set(seconds)
    batch = gauge("batch_pictures", "Pictures a call of the network, mean of the last hour.")
    batch.set(snapshot.batch_pictures)
    return generate_latest(registry)
