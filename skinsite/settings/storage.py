"""Pictures lie on a disk or in an object store, and static files on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from skinsite.settings.environment import DATA_DIR, ROOT, env

# Pictures are private, so that there is no public address below which they could be guessed.
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "classifier.uploads.arriving.UnnamedFileHandler",
]
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [ROOT / "static"]

_pictures: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if bucket := env.str("S3_BUCKET", default=""):
    if not env.str("S3_ACCESS_KEY", default="") or not env.str("S3_SECRET_KEY", default=""):
        raise ImproperlyConfigured("S3_BUCKET also needs S3_ACCESS_KEY and S3_SECRET_KEY.")
    # The imports take tens of megabytes, and a site with a disk has no use for them.
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    _pictures = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "access_key": env.str("S3_ACCESS_KEY"),
            "secret_key": env.str("S3_SECRET_KEY"),
            "endpoint_url": env.str("S3_ENDPOINT", default="") or None,
            "region_name": env.str("S3_REGION", default="us-east-1"),
            # A store that hangs is given up within seconds, because somebody waits for the upload
            # and an analysis has its time limit.
            "client_config": Config(
                connect_timeout=3,
                read_timeout=10,
                retries={"total_max_attempts": 2, "mode": "standard"},
                s3={"addressing_style": env.str("S3_ADDRESSING_STYLE", default="auto")},
            ),
            "transfer_config": TransferConfig(num_download_attempts=2),
            # Objects are streamed through the site's own permission check, never linked to.
            "default_acl": "private",
            "file_overwrite": False,
            "max_memory_size": 32 * 1024 * 1024,
        },
    }
STORAGES = {
    "default": _pictures,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
