"""Check whether each part that the site needs does its work."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from classifier.models import ModelVersion
from classifier.services.operation.snapshot import measure_oldest_seconds

logger = logging.getLogger(__name__)


def is_ready() -> bool:
    """Return whether a web process can do its work, for which it only needs the database.

    A picture that is sent in while another part is away waits for that part, and people can still
    look at their results. It would help nobody to take the pages away as well.
    """
    return not _problem("database", CHECKS["database"])


def check_parts() -> dict[str, str]:
    """Return for each part of the site why it does not work. The text is empty where it works."""
    return {name: _problem(name, works) for name, works in CHECKS.items()}


def _problem(name: str, works: Callable[[], None]) -> str:
    try:
        works()
    # A part may fail in any way. The answer is always that it is not available.
    except Exception as error:
        logger.error("Does not work: %s (%s)", name, type(error).__name__)
        return f"{type(error).__name__}: {error}"
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=3)


def _storage() -> None:
    name = default_storage.save(f"health/{uuid.uuid4().hex}", ContentFile(b"ok"))
    default_storage.delete(name)


def _model() -> None:
    active = ModelVersion.objects.get(is_active=True)
    folder = Path(settings.BUNDLES_DIR, active.name)
    weights = folder / json.loads((folder / "model.json").read_bytes())["weights"]
    state = weights.stat()
    if _digest(weights, state.st_mtime_ns, state.st_size) != active.sha256:
        raise ValueError(f"{weights} is not the file that was registered")


@lru_cache(maxsize=4)
def _digest(path: Path, changed: int, size: int) -> str:
    """Return the SHA-256 of a file. The file is read again only after it has changed."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _queue() -> None:
    waited = measure_oldest_seconds()
    if waited > settings.QUEUE_MAX_AGE.total_seconds():
        raise ValueError(f"the first one in the queue has waited for {waited:.0f} seconds")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "broker": _broker,
    "storage": _storage,
    "model": _model,
    "queue": _queue,
}
