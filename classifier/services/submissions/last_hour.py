"""Count in the cache what each account has used of something in the last sixty minutes.

Rows are not counted, since an account could then delete pictures to send in new ones.
"""

from __future__ import annotations

import logging
import time

from django.core.cache import cache

MINUTE = 60
#: What happens within a minute of the clock is counted together, and forgotten after so many.
MINUTES = 60

logger = logging.getLogger(__name__)


class LastHour:
    """Sums up ``what`` one account has used over the last sixty minutes.

    Without a cache nothing is counted, since a fault of the cache must not refuse a picture.
    """

    def __init__(self, what: str, owner_pk: int) -> None:
        self.what, self.owner_pk = what, owner_pk
        self.now = int(time.time()) // MINUTE

    def add(self, amount: int = 1) -> int:
        """Add ``amount``, which may be less than 0 to take it back, and return the sum."""
        try:
            key = self._key(self.now)
            cache.add(key, 0, timeout=(MINUTES + 1) * MINUTE)
            cache.incr(key, amount)
        except Exception as error:
            return self._unreachable(error)
        return self.total()

    def total(self) -> int:
        keys = [self._key(self.now - age) for age in range(MINUTES)]
        try:
            return sum(cache.get_many(keys).values())
        except Exception as error:
            return self._unreachable(error)

    def _key(self, minute: int) -> str:
        return f"{self.what}:{self.owner_pk}:{minute}"

    def _unreachable(self, error: Exception) -> int:
        logger.error("Cache unreachable, %s are not counted: %s", self.what, type(error).__name__)
        return 0
