"""Send keys to the workers.

Tasks are called by their names, so that the web process imports none of the workers' code.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from typing import Any

from celery import current_app
from django.conf import settings
from django.utils.module_loading import import_string

ANALYSE_TASK = "classifier.analyse"
REANALYSE_TASK = "classifier.reanalyse"

logger = logging.getLogger(__name__)
_here = threading.local()


class WorkersUnreachable(Exception):
    """The broker took no message."""


def dispatch_analysis(pk: uuid.UUID) -> None:
    """Tell the workers that the submission ``pk`` waits.

    It is no error here that a broker is gone. The row says that the submission waits, and the sweep
    sends it again.
    """
    logger.info("%s is queued", pk)
    try:
        _send(ANALYSE_TASK, [str(pk)])
    except WorkersUnreachable as error:
        logger.error("Broker unreachable, %s waits for the sweep: %s", pk, error)


def count_waiting_messages() -> int:
    """Return how many messages wait for a worker that analyses.

    Messages that a worker already holds are not counted.

    Raises:
        Exception: whatever the broker raises when it is gone.
    """
    with current_app.connection_for_read() as broker:
        try:
            queue = broker.default_channel.queue_declare(settings.ANALYSIS_QUEUE, passive=True)
        # With Redis, an empty queue does not exist.
        except broker.channel_errors:
            return 0
        return queue.message_count


def dispatch_reanalysis(model_version_pk: int, *, after: uuid.UUID | None = None) -> None:
    """Have a model version add its results to those of submissions beyond ``after``.

    Raises:
        WorkersUnreachable: the broker is gone.
    """
    _send(REANALYSE_TASK, [model_version_pk, str(after) if after else None])


def _send(task: str, args: list[Any]) -> None:
    import_string(settings.DISPATCHER)(task=task, args=args)


def send_to_worker(*, task: str, args: list[Any]) -> None:
    """Send ``task`` to the broker, from where a worker takes it."""
    try:
        current_app.send_task(task, args=args, retry=False)
    # The rows are committed by now, and whatever is wrong with the broker must not undo them.
    except Exception as error:
        raise WorkersUnreachable(type(error).__name__) from error


def run_in_this_process(*, task: str, args: list[Any]) -> None:
    """Do ``task`` before returning, in the thread that asks for it, so that a debugger stops in it.

    Tasks that ``task`` itself sends are done after its end. As with a worker, a task that fails is
    logged, and the page that asked for it does not fail.
    """
    if hasattr(_here, "waiting"):
        _here.waiting.append((task, args))
        return
    _here.waiting = deque([(task, args)])
    try:
        # This also loads the code of the networks, so it is done only when somebody needs it.
        current_app.loader.import_default_modules()
        while _here.waiting:
            name, given = _here.waiting.popleft()
            current_app.tasks[name].apply(given)
    finally:
        del _here.waiting
