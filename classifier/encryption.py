"""What is unreadable without this site's secret."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def fernet(purpose: str) -> MultiFernet:
    """Return what encrypts with a key made from ``SECRET_KEY``, one for each ``purpose``.

    What was encrypted with one of ``SECRET_KEY_FALLBACKS`` is read too.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(f"{purpose} {key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
