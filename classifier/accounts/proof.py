"""Staff who may see other people's pictures prove with a second factor who they are.

A session proves it, not an account: one that was opened before there was a factor has not.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from classifier.models import User

SALT = "classifier.accounts.proof"
SESSION_KEY = "second_factor_key"
#: Seconds that the link of the mail is good for, and the set-up after it.
LINK_MAX_AGE = 30 * 60


class ProofMissing(Exception):
    """This session has not proved what it takes to see what was asked for."""


def lacks_proof(request: HttpRequest) -> bool:
    """Return whether this is staff without a second factor, where the site requires one."""
    user = request.user
    if not (settings.STAFF_SECOND_FACTOR and user.is_authenticated and user.is_staff):
        return False
    records = get_authentication_records(request, user)
    used = [record.get("id") for record in records if record["method"] == "mfa"]
    return not Authenticator.objects.filter(user=user, pk__in=used).exists()


def require_proof(request: HttpRequest) -> None:
    """Let nobody pass who `lacks_proof`.

    Raises:
        ProofMissing: `classifier.accounts.middleware` leads to what is missing.
    """
    if lacks_proof(request):
        raise ProofMissing


def note_new_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Take the set-up of a factor for its proof: it has just been used."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record = {"id": authenticator.pk, "type": authenticator.type}
        record_authentication(request, user, "mfa", **record)


def send_link(user: User) -> None:
    """Mail the link without which a password alone would be enough to set a factor up."""
    key = TimestampSigner(salt=SALT).sign(_state(user))
    path = reverse("second_factor_set_up", args=[key])
    email = EmailAddress.objects.get_primary_email(user) or user.email
    get_adapter().send_mail("account/email/second_factor", email, {"set_up_url": path})


def open_set_up(request: HttpRequest, key: str) -> bool:
    """Let this session set up a factor, and return whether the key is good for that."""
    request.session[SESSION_KEY] = key
    return may_set_up(request)


def may_set_up(request: HttpRequest) -> bool:
    """Return whether the mail of this account has been read in this session, a moment ago."""
    key = request.session.get(SESSION_KEY, "")
    try:
        state = TimestampSigner(salt=SALT).unsign(key, max_age=LINK_MAX_AGE)
    except BadSignature:
        return False
    return state == _state(request.user)  # type: ignore[arg-type]


def _state(user: User) -> str:
    """Return what a link is for: this account, with this password and without a new factor."""
    factors = Authenticator.objects.filter(user=user).order_by("pk").values_list("pk", flat=True)
    return salted_hmac(SALT, f"{user.pk} {user.password} {list(factors)}").hexdigest()
