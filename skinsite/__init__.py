"""The Django project. Celery's app is imported here so that tasks are bound to it everywhere."""

from skinsite.celery import app as celery_app

__all__ = ["celery_app"]
