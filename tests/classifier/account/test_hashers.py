"""Passwords are hashed by Argon2id, also those that were set before."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher
from django.test import Client

from classifier.accounts.hashers import Argon2Hasher
from skinsite.settings import PASSWORD_HASHERS
from tests.classifier.account.signing_in import is_signed_in, log_in
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_the_site_hashes(settings):
    """The other tests hash by MD5, which is quick."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS


def test_a_new_password_is_hashed_with_what_owasp_asks_for():
    hashed = UserFactory().password
    assert identify_hasher(hashed).algorithm == "argon2"
    decoded = Argon2Hasher().decode(hashed)
    assert decoded["variety"] == "argon2id"
    assert decoded["memory_cost"] >= 7 * 1024
    assert decoded["time_cost"] >= 5


def test_a_password_from_before_still_opens_and_is_hashed_anew():
    person = UserFactory()
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    person.save()
    browser = Client()
    log_in(browser, person.email)
    assert is_signed_in(browser)
    person.refresh_from_db()
    assert identify_hasher(person.password).algorithm == "argon2"
    assert person.check_password(PASSWORD)


def test_a_wrong_password_stays_wrong():
    person = UserFactory()
    browser = Client()
    log_in(browser, person.email, password="not the password")
    assert not is_signed_in(browser)
