"""Count in the cache what each account has used of something in the last sixty minutes.

Rows are not counted, since an account could then delete pictures to send in new ones.
"""

from __future__ import annotations

import logging
import time

from django.core.cache import cache

HOUR = 3600
#: What happens within this many seconds is counted together, so that use is forgotten an hour
#: later with this precision.
STEP = 15

logger = logging.getLogger(__name__)


class LastHour:
    """Sums up ``what`` one account has used over the last sixty minutes.

    Without a cache nothing is counted, since a fault of the cache must not refuse a picture.
    """

    def __init__(self, what: str, owner_pk: int) -> None:
        self.what, self.owner_pk = what, owner_pk
        self.now = int(time.time()) // STEP

    def add(self, amount: int = 1) -> int:
        """Add ``amount``, which may be less than 0 to take it back, and return the sum."""
        try:
            key = self._key(self.now)
            cache.add(key, 0, timeout=HOUR + STEP)
            cache.incr(key, amount)
        except Exception as error:
            return self._unreachable(error)
        return self.total()

    def total(self) -> int:
        keys = [self._key(self.now - age) for age in range(HOUR // STEP)]
        try:
            return sum(cache.get_many(keys).values())
        except Exception as error:
            return self._unreachable(error)

    def _key(self, step: int) -> str:
        return f"{self.what}:{self.owner_pk}:{step}"

    def _unreachable(self, error: Exception) -> int:
        logger.error("Cache unreachable, %s are not counted: %s", self.what, type(error).__name__)
        return 0
