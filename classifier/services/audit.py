"""Keep a record of who did what to whose data."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Model
from structlog.contextvars import get_contextvars

from classifier.models import AuditEntry, Submission, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

logger = logging.getLogger(__name__)

#: Looking at the same picture again within this time is the same look.
ONE_LOOK = timedelta(hours=1)


def audit(action: AuditEntry.Action, subject: Model, *, actor: User | None) -> None:
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
        request_id=get_contextvars().get("request_id", ""),
    )


def saw(submission: Submission, *, viewer: User | AnonymousUser) -> None:
    """Record that somebody looked at another person's picture or result."""
    if viewer.pk == submission.owner_id:
        return
    if _is_new(f"saw:{viewer.pk}:{submission.pk}"):
        audit(AuditEntry.Action.SAW, submission, actor=viewer)  # type: ignore[arg-type]


def _is_new(look: str) -> bool:
    try:
        return cache.add(look, True, ONE_LOOK.total_seconds())
    # Rather too much on record than too little.
    except Exception as error:
        logger.error("Cache unreachable, a look may be on record twice: %s", type(error).__name__)
        return True
