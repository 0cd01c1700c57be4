"""Send a submission's key to the workers."""

from __future__ import annotations

import logging
import uuid

from celery import current_app

ANALYSE_TASK = "classifier.analyse"

logger = logging.getLogger(__name__)


def dispatch(pk: uuid.UUID) -> None:
    """Tell the workers that the submission ``pk`` waits.

    By the task's name, so that the web process imports nothing of the worker's code. A broker
    that is gone is no error here: the row says that it waits, and the sweep sends it again.
    """
    try:
        current_app.send_task(ANALYSE_TASK, args=[str(pk)], retry=False)
    # The row is committed by now: whatever is wrong with the broker must not undo the upload.
    except Exception as error:
        logger.error("Broker unreachable, %s waits for the sweep: %s", pk, type(error).__name__)
