"""Know which errors the storage raises when it does not work, be it a disk or an object store."""

from __future__ import annotations

from django.conf import settings


def _errors() -> tuple[type[Exception], ...]:
    if "s3" not in settings.STORAGES["default"]["BACKEND"]:
        return (OSError,)
    # These imports take 24 MB of memory, so a site with a disk does without them.
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, Boto3Error, BotoCoreError, ClientError


STORAGE_ERRORS = _errors()
