"""How much one account may ask for, so that it cannot crowd out the others or fill the disk."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import cache

from classifier.models import Submission, User

HOUR = 3600

logger = logging.getLogger(__name__)


class QuotaExceeded(Exception):
    """The account has asked for too much; the message is a sentence for its owner."""


def charge_upload(*, owner: User) -> None:
    """Count one more picture of ``owner``.

    Raises:
        QuotaExceeded: it is one too many, in this hour or of all that are kept.
    """
    if _count_this_hour("uploads", owner.pk) > settings.UPLOADS_PER_HOUR:
        raise QuotaExceeded(
            f"You have sent in {settings.UPLOADS_PER_HOUR} pictures within an hour, which is the "
            "limit. Please send this one in an hour."
        )
    if Submission.objects.owned_by(owner).count() >= settings.UPLOADS_KEPT:
        raise QuotaExceeded(
            f"You have {settings.UPLOADS_KEPT} pictures here, which is the limit. Please delete "
            "some that you need no more, then send this one again."
        )


def charge_retry(*, owner_pk: int) -> None:
    """Count one more retry of the account ``owner_pk``, apart from its uploads.

    Most failures are the site's own fault, and must cost nobody a picture.

    Raises:
        QuotaExceeded: it is one too many in this hour.
    """
    if _count_this_hour("retries", owner_pk) > settings.RETRIES_PER_HOUR:
        raise QuotaExceeded(
            f"You have tried {settings.RETRIES_PER_HOUR} pictures again within an hour, which is "
            "the limit. Please try this one again in an hour."
        )


def _count_this_hour(what: str, owner_pk: int) -> int:
    """Count in the cache: to delete pictures gives no new ones. Without a cache, nothing counts."""
    key = f"{what}:{owner_pk}:{int(time.time()) // HOUR}"
    try:
        cache.add(key, 0, timeout=2 * HOUR)
        return cache.incr(key)
    # Whatever is wrong with the cache must not refuse a picture.
    except Exception as error:
        logger.error("Cache unreachable, %s are not counted: %s", what, type(error).__name__)
        return 0
