"""People sign in, with what they know and have, and read their mail."""

from __future__ import annotations

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from classifier.models import User
from tests import PASSWORD

NEW_PASSWORD = "another horse stapled"
#: A form for a new password has these fields.
NEW = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
#: An app and the site share this secret.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET) -> str:
    """Return what an app shows now; it is good for 30 seconds, so the test's clock must halt."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def log_in(client: Client, email: str, password: str = PASSWORD, **options) -> HttpResponse:
    """Send the form of the sign-in, and return its answer."""
    form = {"login": email, "password": password}
    return client.post(reverse("account_login"), form, **options)


def sign_in(user: User, *, to: str = "upload", browser: str = "Firefox") -> Client:
    """Return a browser in which ``user`` has given the password, and is led to the page ``to``."""
    client = Client(headers={"user-agent": browser})
    answer = log_in(client, user.email)
    assert answer.status_code == 302
    assert answer.url.startswith(reverse(to))
    return client


def sign_in_with_code(user: User, given: str) -> Client:
    """Return a browser in which ``user`` has given the password and a code, right or wrong."""
    client = sign_in(user, to="mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": given})
    return client


def is_signed_in(client: Client) -> bool:
    status = client.get(reverse("history")).status_code
    assert status in (200, 302)
    return status == 200


def mailed_link() -> str:
    """Return the path of the link to the site in the latest mail."""
    return re.search(rf"{settings.SITE_ADDRESS}(/\S+)", mail.outbox[-1].body)[1]


def set_password_by_mail(client: Client) -> HttpResponse:
    """Follow the link of the latest mail, and send `NEW_PASSWORD`."""
    form = client.get(mailed_link(), follow=True).redirect_chain[-1][0]
    return client.post(form, NEW)
