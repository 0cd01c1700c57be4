"""These settings hold secrets, hosts, cookies and headers that tell browsers what a page may do."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.http.request import split_domain_port, validate_host

from skinsite.settings.environment import EMAIL_URL, PRODUCTION, env, make_folder

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


def _local_secret() -> str:
    """Return the secret of this laptop's site, made on first use and readable by its user only."""
    path = make_folder() / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as stream:
        stream.write(get_random_secret_key())
    return path.read_text()


def _site_address(given: str) -> str:
    """Return ``given`` with its scheme; it may be a name alone, as the proxy is given it."""
    address = given if "://" in given else f"{'https' if PRODUCTION else 'http'}://{given}"
    parts = urlsplit(address.rstrip("/"))
    name, _ = split_domain_port(parts.netloc)
    if parts.scheme not in ("http", "https") or name.strip(".*") != name or parts.path:
        raise ImproperlyConfigured(
            "SITE_ADDRESS must be where people find the site, like https://skin.example.org. "
            f"Received: {given}"
        )
    return parts.geturl()


if PRODUCTION:
    SECRET_KEY = env.str("SECRET_KEY")
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10:
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak. Set it to at least 50 random characters, for example the "
            "output of: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
    # Links in mails lead here. A worker sends mails too, and it sees no request that would tell it
    # the address.
    SITE_ADDRESS = _site_address(env.str("SITE_ADDRESS", default="") or ALLOWED_HOSTS[0])
    if not validate_host(split_domain_port(urlsplit(SITE_ADDRESS).netloc)[0], ALLOWED_HOSTS):
        raise ImproperlyConfigured(f"ALLOWED_HOSTS must hold the name in {SITE_ADDRESS}.")
    CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
    # The TLS proxy must set this header on every request and drop a client's own.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
else:
    SECRET_KEY = env.str("SECRET_KEY", default="") or _local_secret()
    SITE_ADDRESS = _site_address(env.str("SITE_ADDRESS", default="") or "http://localhost:8000")
    _name, _ = split_domain_port(urlsplit(SITE_ADDRESS).netloc)
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=list(dict.fromkeys([*LOOPBACK, _name])))
if "*" in ALLOWED_HOSTS and (PRODUCTION or EMAIL_URL):
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must name the hosts of a site that sends mail; * is none of them."
    )

#: These are former secrets. They still open what was signed or encrypted with them.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# This limits a form without its files. `classifier.middleware.LimitRequestSize` counts all of a
# request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": [],
    "display-capture": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
}
