"""The storage, a disk or an object store far away, raises these when it does not work."""

from __future__ import annotations

from django.conf import settings


def _errors() -> tuple[type[Exception], ...]:
    if "s3" not in settings.STORAGES["default"]["BACKEND"]:
        return (OSError,)
    # 24 MB of memory that a site with a disk has no use for.
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, Boto3Error, BotoCoreError, ClientError


STORAGE_ERRORS = _errors()
