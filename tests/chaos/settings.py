"""These are the site's own settings, with a disk that fails on demand."""

from skinsite.settings import *  # noqa: F403

STORAGES = STORAGES | {"default": {"BACKEND": "tests.chaos.disk.FailingDisk"}}  # noqa: F405
