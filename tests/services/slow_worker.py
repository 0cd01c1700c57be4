"""The site's worker with a network that takes its time, so that it can be killed in between.

SIGUSR2 blocks its main thread for good.
"""

from __future__ import annotations

import os
import signal
import time

from celery.signals import worker_init

from ml.judging import analysis
from skinsite.celery import app

__all__ = ["app"]

_analyse = analysis.analyse


def _slowly(*arguments, **options):
    time.sleep(float(os.environ["SLOW_SECONDS"]))
    return _analyse(*arguments, **options)


analysis.analyse = _slowly


@worker_init.connect
def _block_when_told(**options: object) -> None:
    signal.signal(signal.SIGUSR2, lambda number, frame: time.sleep(3600))
