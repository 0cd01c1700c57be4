"""Every web process counts requests and uploads by itself.

`classifier.services.operation` reads all other figures from the rows.

Several processes share their counts through the folder in ``PROMETHEUS_MULTIPROC_DIR``, which
`skinsite.gunicorn` makes.
"""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Histogram(
    "skinsite_request_seconds",
    "From a request to the start of its answer.",
    ["route", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
UPLOADS = Counter(
    "skinsite_uploads",
    "Pictures that were sent in: accepted, or why not.",
    ["outcome"],
)


def registry() -> CollectorRegistry:
    """Return the registry with the counts of all processes of this web server."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)
    return shared
