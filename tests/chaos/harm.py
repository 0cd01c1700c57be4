"""These harms are done to a running site."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

import redis
from celery import Celery

from tests.chaos.disk import FULL, GONE, STATE
from tests.services.processes import Broker, Postgres
from tests.site import Site

#: A service stays away for so many seconds.
AWAY = 2.0


class Harm(NamedTuple):
    """This says how often each harm is done."""

    worker_killed: int = 20
    web_killed: int = 3
    redis_flushed_and_restarted: int = 5
    postgresql_restarted: int = 3
    disk_full: int = 3
    disk_gone: int = 3
    delivered_twice: int = 20


class Troublemaker:
    """This does all of a `Harm` in random order.

    Args:
        site, postgres, broker: what is harmed.
        accepted: the keys of the submissions so far, a list that grows.
        chance: the random numbers that decide order and victims.
    """

    def __init__(
        self,
        site: Site,
        postgres: Postgres,
        broker: Broker,
        accepted: list[str],
        chance: random.Random,
    ) -> None:
        self.site, self.postgres, self.broker = site, postgres, broker
        self.accepted, self.chance = accepted, chance
        self.messages = Celery(broker=broker.url, set_as_current=False)

    def deeds(self, harm: Harm) -> list[Callable[[], None]]:
        """Return every deed of ``harm``, in random order."""
        found = [
            getattr(self, name) for name, times in harm._asdict().items() for _ in range(times)
        ]
        self.chance.shuffle(found)
        return found

    def worker_killed(self) -> None:
        self._kill("--queues analysis")

    def web_killed(self) -> None:
        self._kill("gunicorn")

    def redis_flushed_and_restarted(self) -> None:
        redis.Redis.from_url(self.broker.url).flushall()
        self.broker.kill()
        time.sleep(AWAY)
        self.broker.start()

    def postgresql_restarted(self) -> None:
        self.postgres.stop()
        time.sleep(AWAY)
        self.postgres.start()

    def disk_full(self) -> None:
        self._disk(FULL)

    def disk_gone(self) -> None:
        self._disk(GONE)

    def delivered_twice(self) -> None:
        if self.accepted:
            key = self.chance.choice(self.accepted)
            self.messages.send_task("classifier.analyse", args=[key], queue="analysis")

    def _kill(self, part: str) -> None:
        """Kill one process, preferably a child, because children are the ones at work."""
        if found := self.site.processes(part):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(found[1:] or found), signal.SIGKILL)

    def _disk(self, state: str) -> None:
        told = self.site.data_dir / STATE
        told.write_text(state)
        time.sleep(AWAY)
        told.unlink()
