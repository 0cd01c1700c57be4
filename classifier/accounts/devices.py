"""Know the browsers in which somebody has signed in before.

Guesses at a password in other browsers then do not lock that person out of their own.

This is OWASP's "Slow Down Online Guessing Attacks with Device Cookies". The cookie gives access to
nothing. It only has the attempts in this browser counted apart from those of strangers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from allauth.account.internal.userkit import filter_users_by_email
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from classifier.models import User

COOKIE, SALT = "device", "classifier.accounts.devices"
#: Passwords are asked for below this path alone.
PATH = "/accounts/"
MAX_AGE = timedelta(days=365)
#: A browser is known for this many people at most. Of more, it is known for the latest.
PEOPLE = 10


def find_device(request: HttpRequest, login: str) -> str | None:
    """Return the name of this browser for the person with the address ``login``.

    It is None where they have not signed in here before.
    """
    known = _read(request)
    if not known:
        return None
    people = (str(user.pk) for user in filter_users_by_email(login, for_login=True))
    return next((known[person] for person in people if person in known), None)


def expect_back(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Note that this person has proved who they are, so that `RememberBrowser` sets a cookie."""
    request.expected_back = user  # type: ignore[attr-defined]


class RememberBrowser:
    """Give the browser a new name for the person who has proved who they are in this request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if user := getattr(request, "expected_back", None):
            known = _read(request)
            known.pop(str(user.pk), None)
            known[str(user.pk)] = secrets.token_urlsafe(16)
            response.set_cookie(
                COOKIE,
                signing.dumps(dict(list(known.items())[-PEOPLE:]), salt=SALT),
                max_age=MAX_AGE,
                path=PATH,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _read(request: HttpRequest) -> dict[str, str]:
    """Return the names of this browser, by the key of each person who has signed in here."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return {}
    return cast("dict[str, str]", found)
