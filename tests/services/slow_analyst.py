"""A stand-in for the network of `tests.services.slow_worker`."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from PIL import Image

from ml.judging.analysis import Analysis
from tests.classifier.fakes import FakeAnalyst


class SlowAnalyst(FakeAnalyst):
    """Answers after ``SLOW_SECONDS`` of the environment."""

    def __call__(self, images: Sequence[Image.Image], *, screened: bool = True) -> list[Analysis]:
        time.sleep(float(os.environ["SLOW_SECONDS"]))
        return super().__call__(images, screened=screened)
