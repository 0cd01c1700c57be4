"""The site's worker with a network that takes its time, so that it can be killed in between."""

from __future__ import annotations

import os
import time

from ml import predictor
from skinsite.celery import app

__all__ = ["app"]

_predict = predictor.Predictor.predict


def _slowly(self, images):
    time.sleep(float(os.environ["SLOW_SECONDS"]))
    return _predict(self, images)


predictor.Predictor.predict = _slowly
