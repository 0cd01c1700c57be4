"""Have staff who may see other people's pictures prove with a second factor who they are.

The proof belongs to a session, not to an account. A session that was opened before the account had
a factor has not proved anything.
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
#: The link of the mail, and the set-up that it opens, are good for this many seconds.
LINK_MAX_AGE = 30 * 60


class ProofMissing(Exception):
    """This session lacks the second factor that the requested page needs."""


def lacks_proof(request: HttpRequest) -> bool:
    """Return whether this is staff whose session lacks the second factor that the site requires."""
    user = request.user
    if not (settings.STAFF_SECOND_FACTOR and user.is_authenticated and user.is_staff):
        return False
    records = get_authentication_records(request, user)
    used = [record.get("id") for record in records if record["method"] == "mfa"]
    return not Authenticator.objects.filter(user=user, pk__in=used).exists()


def require_proof(request: HttpRequest) -> None:
    """Stop the request of a person who `lacks_proof`.

    Raises:
        ProofMissing: the proof is missing. `classifier.accounts.middleware` answers it with a way
            to the proof.
    """
    if lacks_proof(request):
        raise ProofMissing


def note_new_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Count the set-up of a factor as proof, since the factor has just been used."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record = {"id": authenticator.pk, "type": authenticator.type}
        record_authentication(request, user, "mfa", **record)


def send_link(user: User) -> None:
    """Mail the link that a person needs to set up a first factor.

    Without the link, somebody who knows only the password could set up a factor of their own.
    """
    key = TimestampSigner(salt=SALT).sign(_state(user))
    path = reverse("second_factor_set_up", args=[key])
    email = EmailAddress.objects.get_primary_email(user) or user.email
    get_adapter().send_mail("account/email/second_factor", email, {"set_up_url": path})


def open_set_up(request: HttpRequest, key: str) -> bool:
    """Let this session set up a factor, and return whether the key is good for that."""
    request.session[SESSION_KEY] = key
    return may_set_up(request)


def may_set_up(request: HttpRequest) -> bool:
    """Return whether this session has opened a link from a recent mail to this account."""
    key = request.session.get(SESSION_KEY, "")
    try:
        state = TimestampSigner(salt=SALT).unsign(key, max_age=LINK_MAX_AGE)
    except BadSignature:
        return False
    return state == _state(request.user)  # type: ignore[arg-type]


def _state(user: User) -> str:
    """Return a digest of the account's key, its password and its factors.

    A link holds it, and so is good for no other account and no longer after a change of any.
    """
    factors = Authenticator.objects.filter(user=user).order_by("pk").values_list("pk", flat=True)
    return salted_hmac(SALT, f"{user.pk} {user.password} {list(factors)}").hexdigest()
