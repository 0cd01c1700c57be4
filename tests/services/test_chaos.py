"""A site is in trouble for a short time here, and for a long one with ``make chaos``."""

from __future__ import annotations

from tests.chaos.harm import Harm
from tests.chaos.run import run


def test_nothing_is_lost_or_left_behind_while_everything_dies_in_turn():
    harm = Harm(
        worker_killed=3,
        web_killed=1,
        redis_flushed_and_restarted=1,
        postgresql_restarted=1,
        disk_full=1,
        disk_gone=1,
        delivered_twice=3,
    )
    report = run(40, harm, endings=1)
    assert report.counts["accepted"] >= 40
    assert report.counts["done"] > 20
    assert report.counts["endings"] == 1
    assert report.wrong == {}, report.counts
