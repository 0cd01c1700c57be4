"""The site's worker with a network that takes its time, so that it can be killed in between.

SIGUSR2 blocks its main thread for good. A picture that is `DEADLY` pixels wide kills the process.
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


DEADLY = 333


def _slowly(network, images, *arguments, **options):
    if any(image.width == DEADLY for image in images):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(float(os.environ["SLOW_SECONDS"]))
    return _analyse(network, images, *arguments, **options)


analysis.analyse = _slowly


@worker_init.connect
def _block_when_told(**options: object) -> None:
    signal.signal(signal.SIGUSR2, lambda number, frame: time.sleep(3600))
