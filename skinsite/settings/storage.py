"""Where pictures and static files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from skinsite.settings.environment import DATA_DIR, ROOT, env

# Pictures are private: there is no public address below which they could be guessed.
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [ROOT / "static"]

_pictures: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if bucket := env.str("S3_BUCKET", default=""):
    if not env.str("S3_ACCESS_KEY", default="") or not env.str("S3_SECRET_KEY", default=""):
        raise ImproperlyConfigured("S3_BUCKET also needs S3_ACCESS_KEY and S3_SECRET_KEY.")
    _pictures = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "access_key": env.str("S3_ACCESS_KEY"),
            "secret_key": env.str("S3_SECRET_KEY"),
            "endpoint_url": env.str("S3_ENDPOINT", default="") or None,
            "region_name": env.str("S3_REGION", default="us-east-1"),
            "addressing_style": env.str("S3_ADDRESSING_STYLE", default="auto"),
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
