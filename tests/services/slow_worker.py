"""The site's worker with a network that takes its time, so that it can be killed in between."""

from __future__ import annotations

import os
import time

from ml import analysis
from skinsite.celery import app

__all__ = ["app"]

_analyse = analysis.analyse


def _slowly(*arguments, **options):
    time.sleep(float(os.environ["SLOW_SECONDS"]))
    return _analyse(*arguments, **options)


analysis.analyse = _slowly
