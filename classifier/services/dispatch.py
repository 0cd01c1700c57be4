"""Send keys to the workers, by the tasks' names: the web process imports none of their code."""

from __future__ import annotations

import logging
import uuid

from celery import current_app
from django.conf import settings

ANALYSE_TASK = "classifier.analyse"
REANALYSE_TASK = "classifier.reanalyse"

logger = logging.getLogger(__name__)


def dispatch(pk: uuid.UUID) -> None:
    """Tell the workers that the submission ``pk`` waits.

    A broker that is gone is no error here: the row says that it waits, and the sweep sends it
    again.
    """
    logger.info("%s is queued", pk)
    try:
        current_app.send_task(ANALYSE_TASK, args=[str(pk)], retry=False)
    # The row is committed by now: whatever is wrong with the broker must not undo the upload.
    except Exception as error:
        logger.error("Broker unreachable, %s waits for the sweep: %s", pk, type(error).__name__)


def messages_waiting() -> int:
    """Return how many messages wait for a worker that analyses; what one holds is not counted.

    Raises:
        Exception: whatever the broker raises when it is gone.
    """
    with current_app.connection_for_read() as broker:
        try:
            queue = broker.default_channel.queue_declare(settings.ANALYSIS_QUEUE, passive=True)
        # To Redis, a queue that is empty does not exist.
        except broker.channel_errors:
            return 0
        return queue.message_count


def dispatch_reanalysis(model_version_pk: int, after: uuid.UUID | None = None) -> None:
    """Have the results of submissions beyond ``after`` joined by those of a model version.

    Raises:
        OperationalError: the broker is gone.
    """
    args = [model_version_pk, str(after) if after else None]
    current_app.send_task(REANALYSE_TASK, args=args, retry=False)
