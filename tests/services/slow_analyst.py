"""This stands in for the network of `tests.services.slow_worker`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from PIL import Image

from ml.judging.analysis import Analysis
from tests.classifier.fakes import FakeAnalyst

#: A picture of this width in pixels takes its worker down.
DEADLY = 333


class SlowAnalyst(FakeAnalyst):
    """This answers after ``SLOW_SECONDS`` of the environment, or kills the process."""

    def __call__(self, images: Sequence[Image.Image], *, screened: bool = True) -> list[Analysis]:
        if any(image.width == DEADLY for image in images):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(os.environ["SLOW_SECONDS"]))
        return super().__call__(images, screened=screened)
