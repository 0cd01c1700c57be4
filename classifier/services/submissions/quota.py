"""Limit what one account may ask for, so that it cannot crowd out others or fill the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import Count, Sum

from classifier.models import Submission, User
from classifier.services.submissions.last_hour import LastHour

GIGABYTE = 1000**3


class QuotaExceeded(Exception):
    """The account has asked for too much. The message is a sentence for its owner."""


@contextmanager
def charge_upload(*, owner: User) -> Iterator[None]:
    """Count one more picture of ``owner``, unless it is refused in this block.

    Raises:
        QuotaExceeded: it is one too many in the last hour.
    """
    sent = LastHour("uploads", owner.pk)
    try:
        if sent.add() > settings.UPLOADS_PER_HOUR:
            raise QuotaExceeded(
                f"You have sent in {settings.UPLOADS_PER_HOUR} pictures within an hour, which is "
                "the limit. Please send this one in an hour."
            )
        yield
    except BaseException:
        sent.add(-1)
        raise


def check_decoding(*, owner: User) -> None:
    """Raise `QuotaExceeded` where no more of the files of ``owner`` may be decoded for now."""
    seconds = settings.DECODING_SECONDS_PER_HOUR
    if LastHour("decoding", owner.pk).total() >= 1000 * seconds:
        raise QuotaExceeded(
            f"Reading your files has taken {seconds} seconds of our computers within an hour, "
            "which is the limit. Please send this one in an hour."
        )


def charge_decoding(*, owner: User, seconds: float) -> None:
    """Count the seconds that it took to decode a file of ``owner``, even one that was refused."""
    if seconds:
        LastHour("decoding", owner.pk).add(round(1000 * seconds))


def check_room(*, owner: User, size: int = 0) -> None:
    """Raise `QuotaExceeded` where ``owner`` may not keep another picture of ``size`` bytes."""
    kept = Submission.objects.owned_by(owner).aggregate(
        pictures=Count("pk"), size=Sum("stored_bytes", default=0)
    )
    if kept["pictures"] >= settings.UPLOADS_KEPT:
        raise QuotaExceeded(
            f"You have {settings.UPLOADS_KEPT} pictures here, which is the limit. Please delete "
            "some that you need no more, then send this one again."
        )
    if kept["size"] + size > settings.UPLOADS_KEPT_BYTES:
        raise QuotaExceeded(
            f"Your pictures take {settings.UPLOADS_KEPT_BYTES / GIGABYTE:g} GB here, which is the "
            "limit. Please delete some that you need no more, then send this one again."
        )


def charge_retry(*, owner_pk: int) -> None:
    """Count one more retry of the account ``owner_pk``.

    Retries do not count as uploads. Most failures are the site's own fault, and nobody may send in
    fewer pictures because of them.

    Raises:
        QuotaExceeded: it is one too many in the last hour.
    """
    retries = LastHour("retries", owner_pk)
    if retries.add() > settings.RETRIES_PER_HOUR:
        retries.add(-1)
        raise QuotaExceeded(
            f"You have tried {settings.RETRIES_PER_HOUR} pictures again within an hour, which is "
            "the limit. Please try this one again in an hour."
        )
