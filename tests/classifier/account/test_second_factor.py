"""A second factor is set up, asked for, kept secret, and required of staff if the site says so."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import InvalidToken
from django.urls import reverse

from tests import PASSWORD
from tests.classifier.account.signing_in import (
    SECRET,
    code,
    is_signed_in,
    sign_in,
    sign_in_with_code,
)
from tests.classifier.markup import visible_text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_time_stands_still")]
ADMIN = reverse("admin:index")


def test_it_is_set_up_with_an_app_and_gives_recovery_codes(owner):
    client = sign_in(owner)
    path = reverse("mfa_activate_totp")
    asked = client.get(path)
    page = client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert "data:image/svg" in page.content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page.content.decode())[1]
    wrong = client.post(path, {"code": "000000"})
    assert "incorrect" in visible_text(wrong.content).lower()
    done = client.post(path, {"code": code(secret)}, follow=True)
    assert "recovery codes" in visible_text(done.content).lower()
    types = set(Authenticator.objects.filter(user=owner).values_list("type", flat=True))
    assert types == {"totp", "recovery_codes"}


@pytest.fixture
def protected(owner):
    TOTP.activate(owner, SECRET)
    RecoveryCodes.activate(owner)
    return owner


def test_who_has_one_is_asked_for_it_before_anything_is_shown(protected):
    client = sign_in(protected, to="mfa_authenticate")
    assert not is_signed_in(client)
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert is_signed_in(client)


def test_a_code_is_good_for_one_sign_in(protected):
    given = code()
    assert is_signed_in(sign_in_with_code(protected, given))
    assert not is_signed_in(sign_in_with_code(protected, given))


def test_a_recovery_code_replaces_a_lost_phone_once(protected):
    authenticator = Authenticator.objects.get(user=protected, type="recovery_codes")
    given = authenticator.wrap().get_unused_codes()[0]
    assert is_signed_in(sign_in_with_code(protected, given))
    assert not is_signed_in(sign_in_with_code(protected, given))


def test_a_copy_of_the_database_does_not_tell_the_secrets(protected, settings):
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored
    adapter = get_adapter()
    token = adapter.encrypt(SECRET)
    assert adapter.decrypt(token) == SECRET
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key altogether"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert adapter.decrypt(token) == SECRET
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        adapter.decrypt(token)


@pytest.mark.parametrize("role", ["owner", "anonymous"])
def test_others_are_turned_away_from_the_admin_as_ever(role, browsers, settings):
    settings.STAFF_SECOND_FACTOR = True
    answer = browsers[role].get(ADMIN)
    assert answer.status_code == 302
    assert "2fa" not in answer.url
