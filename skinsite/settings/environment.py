"""The environment tells the settings what differs between machines."""

from __future__ import annotations

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]

env = environ.Env()
environ.Env.read_env(ROOT / ".env")

PRODUCTION: bool = env.bool("PRODUCTION", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(ROOT / "var"))).resolve()
REDIS_URL: str = env.str("REDIS_URL", default="")
EMAIL_URL: str = env.str("EMAIL_URL", default="")

if PRODUCTION:
    needed = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
    # An empty variable counts as one that is missing.
    if missing := [name for name in needed if not env.str(name, default="")]:
        raise ImproperlyConfigured(f"PRODUCTION also needs a value for: {', '.join(missing)}")


def make_folder(*parts: str) -> Path:
    """Return a folder under ``DATA_DIR``, created for this user alone where missing."""
    folder = DATA_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parts:
        # The folders are made one by one, because parents that mkdir makes by itself are open to
        # everybody.
        folder /= part
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder
