"""Keep a record of who did what to whose data."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Model
from structlog.contextvars import get_contextvars

from classifier.models import AuditEntry, Submission, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

logger = logging.getLogger(__name__)

#: If somebody looks at the same picture again within this time, it counts as the same look.
ONE_LOOK = timedelta(hours=1)


def record_action(*, action: AuditEntry.Action, subject: Model, actor: User | None) -> None:
    """Record that ``actor`` did ``action`` to ``subject``, within the caller's transaction.

    Args:
        action: what was done.
        subject: a row with its key; after a deletion, one that still remembers it.
        actor: None where the site did it by itself.
    """
    AuditEntry.objects.create(
        actor_key=actor.pk if actor else None,
        action=action,
        subject_type=subject._meta.model_name or "",
        subject_key=str(subject.pk),
        request_id=_request_id(),
    )


def record_look(submission: Submission, *, viewer: User | AnonymousUser) -> None:
    """Record that somebody looked at another person's picture or result."""
    if viewer.pk == submission.owner_id:
        return
    with _once(f"saw:{viewer.pk}:{submission.pk}") as is_new:
        if is_new:
            record_action(action=AuditEntry.Action.SAW, subject=submission, actor=viewer)  # type: ignore[arg-type]


def record_look_at_list(submissions: Iterable[Submission], *, viewer: User) -> None:
    """Record in one entry that somebody looked at a list of other people's pictures.

    The thumbnails on the list are seen with it, so `record_look_at_thumbnail` leaves them out.
    """
    keys = sorted(str(row.pk) for row in submissions if row.owner_id != viewer.pk)
    if not keys:
        return
    names = hashlib.sha256(" ".join(keys).encode()).hexdigest()
    with _once(f"saw-list:{viewer.pk}:{names}") as is_new:
        if is_new:
            AuditEntry.objects.create(
                actor_key=viewer.pk,
                action=AuditEntry.Action.SAW,
                subject_type=Submission._meta.model_name or "",
                listed=keys,
                request_id=_request_id(),
            )
    with contextlib.suppress(Exception):  # then each thumbnail is recorded by itself
        cache.set_many({_on_a_list(viewer, key): True for key in keys}, ONE_LOOK.total_seconds())


def record_look_at_thumbnail(submission: Submission, *, viewer: User | AnonymousUser) -> None:
    """Record that somebody looked at the thumbnail of another person's picture.

    Nothing is recorded where they have seen it on a list, since the entry of the list names it.
    """
    try:
        is_on_a_list = cache.get(_on_a_list(viewer, submission.pk), False)
    except Exception as error:
        _complain(error)
        is_on_a_list = False
    if not is_on_a_list:
        record_look(submission, viewer=viewer)


def _on_a_list(viewer: User | AnonymousUser, key: uuid.UUID | str) -> str:
    return f"listed:{viewer.pk}:{key}"


@contextmanager
def _once(look: str) -> Iterator[bool]:
    """Yield whether this look is a new one.

    Where the look could not be recorded, the next one counts as new.
    """
    try:
        is_new = cache.add(look, True, ONE_LOOK.total_seconds())
    # Without the cache every look counts as new: too many entries are better than too few.
    except Exception as error:
        _complain(error)
        is_new = True
    try:
        yield is_new
    except Exception:
        with contextlib.suppress(Exception):
            cache.delete(look)
        raise


def _complain(error: Exception) -> None:
    logger.error("Cache unreachable, a look may be on record twice: %s", type(error).__name__)


def _request_id() -> str:
    return get_contextvars().get("request_id", "")
