"""This is the site's worker with a stand-in for the network.

The stand-in takes its time, so that the worker can be killed in between.

SIGUSR2 blocks its main thread for good. A picture as wide as `slow_analyst.DEADLY` kills it.
"""

from __future__ import annotations

import signal
import time

from celery.signals import worker_init

from skinsite.celery import app

__all__ = ["app"]


@worker_init.connect
def _replace_the_network(**options: object) -> None:
    # Celery sets Django up only after it has imported this module.
    from classifier import predictors
    from tests.services.slow_analyst import SlowAnalyst

    predictors.load_analyst = lambda model_version: SlowAnalyst()


@worker_init.connect
def _block_when_told(**options: object) -> None:
    signal.signal(signal.SIGUSR2, lambda number, frame: time.sleep(3600))
