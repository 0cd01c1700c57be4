"""Accept a picture once, however often it is sent.

A connection may break even after the last byte, and then the same picture is sent again.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.cache import cache
from django.db import IntegrityError

from classifier.models import Submission, User
from classifier.services.submissions.submit import submit_picture
from classifier.uploads.decoders import Seekable

#: A request that was killed gives its turn back after this time. The web server has ended every
#: request by then.
LONGEST_TURN = timedelta(seconds=120)

logger = logging.getLogger(__name__)


class StillSubmitting(Exception):
    """An earlier request with the same key has not come to its end yet."""


def submit_picture_once(
    *,
    owner: User,
    upload_key: uuid.UUID,
    stream: Seekable,
    name: str,
    pixels_per_mm: float | None = None,
) -> Submission:
    """Submit the picture, or return what ``owner`` has submitted with this ``upload_key`` before.

    The database keeps the key as long as the submission, and refuses a second one. A repeat that
    comes while the first request is still at work does no work, so it counts against no quota.

    Raises:
        StillSubmitting: the first request is still at work. The same request gets its answer a
            moment later.
        Exception: as `submit_picture` does. Nothing is kept of the key then.
    """
    with _turn(owner, upload_key) as is_ours:
        if earlier := _find(owner, upload_key):
            return earlier
        if not is_ours:
            raise StillSubmitting
        try:
            return submit_picture(
                owner=owner,
                stream=stream,
                name=name,
                pixels_per_mm=pixels_per_mm,
                upload_key=upload_key,
            )
        except IntegrityError:
            # Web processes without a common cache do not see each other's turns.
            if earlier := _find(owner, upload_key):
                return earlier
            raise


def _find(owner: User, upload_key: uuid.UUID) -> Submission | None:
    return Submission.objects.owned_by(owner).filter(upload_key=upload_key).first()


@contextmanager
def _turn(owner: User, upload_key: uuid.UUID) -> Iterator[bool]:
    """Yield whether no other request with this key is at work, as far as the cache knows."""
    turn = f"upload:{owner.pk}:{upload_key}"
    try:
        is_ours = cache.add(turn, 1, timeout=LONGEST_TURN.total_seconds())
    # A fault of the cache must not refuse a picture. The database alone decides then.
    except Exception as error:
        logger.error("Cache unreachable, nobody takes turns: %s", type(error).__name__)
        is_ours = True
    try:
        yield is_ours
    finally:
        if is_ours:
            with contextlib.suppress(Exception):
                cache.delete(turn)
