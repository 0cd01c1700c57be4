"""What the machine tells the settings."""

from __future__ import annotations

from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parents[2]

env = environ.Env()
environ.Env.read_env(ROOT / ".env")

PRODUCTION: bool = env.bool("PRODUCTION", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(ROOT / "var"))).resolve()
REDIS_URL: str = env.str("REDIS_URL", default="")


def make_folder(*parts: str) -> Path:
    """Return a folder under ``DATA_DIR``, created for this user alone where missing."""
    folder = DATA_DIR.joinpath(*parts)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
