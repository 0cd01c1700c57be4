"""Celery's way into the services: a primary key in, a service call, nothing else."""

from __future__ import annotations

import logging

from celery import Task, shared_task
from celery.signals import worker_process_init
from django.conf import settings

from classifier import predictors
from classifier.services.analyse import analyse
from classifier.services.dispatch import ANALYSE_TASK
from classifier.services.retention import expire
from classifier.services.sweep import sweep
from ml.bundle import BundleError

logger = logging.getLogger(__name__)


@worker_process_init.connect
def load_model(**kwargs: object) -> None:
    """Load the active model in the child, before its first task and after the fork."""
    try:
        model_version, _ = predictors.active()
    except BundleError as error:
        # The worker stays up: it says so for every submission, and works once this is mended.
        logger.error("%s", error)
    else:
        logger.info("%s is loaded and warm", model_version)
        (settings.DATA_DIR / "run" / "worker_ready").touch()


@shared_task(bind=True, name=ANALYSE_TASK, max_retries=None)
def analyse_submission(self: Task, pk: str) -> None:
    if analyse(pk):
        raise self.retry(countdown=settings.ANALYSIS_RETRY_DELAY.total_seconds())


@shared_task(name="classifier.sweep")
def sweep_submissions() -> None:
    swept = sweep()
    if any(swept):
        logger.warning("Sweep: %s", swept)


@shared_task(name="classifier.expire")
def expire_submissions() -> None:
    if deleted := expire():
        logger.info("Retention: %d submissions deleted", deleted)
