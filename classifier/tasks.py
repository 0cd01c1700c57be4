"""Lead Celery into the services. A task takes a key, calls a service and does little else."""

from __future__ import annotations

import logging
from collections import Counter
from functools import partial

from celery import Task, current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_process_init
from django.conf import settings
from django.db import InterfaceError, OperationalError

from classifier import predictors
from classifier.models import ModelVersion
from classifier.services.account.mail import MAIL_TASK, send_posted_mail
from classifier.services.account.retention import delete_expired_submissions
from classifier.services.account.sessions import delete_expired_sessions
from classifier.services.operation.tidy import choose_due_folder, delete_unnamed_files
from classifier.services.registry.reanalyse import reanalyse_submissions, select_next_batch
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.dispatch import (
    ANALYSE_TASK,
    REANALYSE_TASK,
    dispatch_reanalysis,
)
from classifier.services.submissions.sweep import (
    return_lost_companions,
    sweep_lost_submissions,
)
from ml.packaging.bundle import BundleError

logger = logging.getLogger(__name__)

_bulk_limit = settings.BULK_TIME_LIMIT.total_seconds()
bulk_task = partial(shared_task, time_limit=_bulk_limit, soft_time_limit=0.9 * _bulk_limit)


@worker_process_init.connect
def load_model(**kwargs: object) -> None:
    """Load the active model in the child, before its first task and after the fork.

    A worker that only does bulk work loads a model when it needs one, since nobody waits for it.
    """
    if settings.ANALYSIS_QUEUE not in current_app.amqp.queues.consume_from:
        return
    try:
        model_version, _ = predictors.load_active_analyst()
    except BundleError as error:
        # The worker stays up. It reports the problem for every submission, and works as soon as it
        # is mended.
        logger.error("%s", error)
    else:
        logger.info("%s is loaded and warm", model_version)
        (settings.DATA_DIR / "run" / "worker_ready").touch()


@shared_task(bind=True, name=ANALYSE_TASK, max_retries=None)
def analyse_submission(self: Task, pk: str) -> None:
    # The broker delivers a message again when the worker that had it was killed.
    told = self.request.delivery_info or {}
    if told.get("redelivered") and return_lost_companions(pk):
        return
    if analyse_waiting_submissions(pk):
        raise self.retry(countdown=settings.ANALYSIS_RETRY_DELAY.total_seconds())


@bulk_task(name="classifier.sweep")
def sweep_submissions() -> None:
    swept = sweep_lost_submissions()
    if any(swept):
        logger.warning("Sweep: %s", swept)


@bulk_task(
    name=REANALYSE_TASK,
    # The task is tried again for about as long as a database may be away. What is done stays done.
    autoretry_for=(InterfaceError, OperationalError),
    retry_backoff=True,
    max_retries=10,
)
def reanalyse_results(model_version_pk: int, after: str | None = None) -> None:
    """Analyse one batch for each message, so that upkeep gets its turn in between."""
    model_version = ModelVersion.objects.without_what_is_large().get(pk=model_version_pk)
    batch = select_next_batch(model_version, after=after)
    if not batch:
        logger.info("Every earlier result has been looked at by %s", model_version)
        return
    analyst = predictors.load_analyst(model_version)
    try:
        outcomes = reanalyse_submissions(batch, model_version=model_version, analyst=analyst)
    except SoftTimeLimitExceeded:
        keys = ", ".join(str(submission.pk) for submission in batch)
        logger.exception("%s had no time left for some of %s", model_version, keys)
    else:
        logger.info("%s: %s", model_version, dict(Counter(outcomes.values())))
    dispatch_reanalysis(model_version_pk, after=batch[-1].pk)


@bulk_task(name="classifier.expire")
def expire_submissions() -> None:
    expired = delete_expired_submissions()
    if expired.deleted:
        logger.info("Retention: %d submissions deleted", expired.deleted)
    if expired.failed:
        logger.error("Retention: not deleted: %s", ", ".join(map(str, expired.failed)))


@bulk_task(name="classifier.tidy")
def tidy_files() -> None:
    if deleted := delete_unnamed_files(choose_due_folder()):
        logger.warning("Tidy: %d files that no row names deleted", deleted)


@shared_task(bind=True, name=MAIL_TASK, max_retries=None)
def send_mail(self: Task, sealed: str) -> None:
    failure, pauses = send_posted_mail(sealed), settings.MAIL_RETRY_PAUSES
    if not failure:
        return
    if self.request.retries < len(pauses):
        logger.warning("A mail could not be sent yet: %s", failure)
        raise self.retry(countdown=pauses[self.request.retries])
    logger.error("A mail could not be sent, after %d attempts: %s", len(pauses) + 1, failure)


@bulk_task(name="classifier.clear_sessions")
def clear_sessions() -> None:
    delete_expired_sessions()
