"""The admin's log calls what has a personal name by its key."""

from __future__ import annotations

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.sessions.models import Session
from django.urls import reverse

from tests.classifier.account.signing_in import is_signed_in, sign_in

pytestmark = pytest.mark.django_db
MIGRATION = import_module("classifier.migrations.0015_personal_names")
NAMES = ("ada@example.org", "Ada's key")


@pytest.fixture
def address(owner) -> EmailAddress:
    return EmailAddress.objects.create(user=owner, email=NAMES[0])


@pytest.fixture
def key(owner) -> Authenticator:
    return Authenticator.objects.create(user=owner, type="webauthn", data={"name": NAMES[1]})


def called() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("object_repr", flat=True))


def test_an_address_that_an_administrator_adds_changes_and_deletes(superuser, login, owner):
    admin = login(superuser)
    form = {"user": owner.pk, "email": NAMES[0], "post": "yes"}
    admin.post(reverse("admin:account_emailaddress_add"), form)
    pk = EmailAddress.objects.get(email=NAMES[0]).pk
    assert called() == [f"email address {pk}"]
    for number, name in enumerate(("change", "delete"), 2):
        admin.post(reverse(f"admin:account_emailaddress_{name}", args=[pk]), form)
        assert called() == [f"email address {pk}"] * number
    assert not EmailAddress.objects.filter(pk=pk).exists()


def test_a_key_that_an_administrator_deletes(superuser, login, key):
    pk = key.pk
    path = reverse("admin:mfa_authenticator_delete", args=[pk])
    assert login(superuser).post(path, {"post": "yes"}).status_code == 302
    assert called() == [f"authenticator {pk}"]


def test_entries_from_before_are_called_so_too(superuser, address, key):
    for one in (address, key, superuser):
        LogEntry.objects.log_actions(superuser.pk, [one], ADDITION)
    assert called() == [*NAMES, superuser.email]
    MIGRATION.call_by_key(apps, None)
    assert called() == [f"email address {address.pk}", f"authenticator {key.pk}", superuser.email]


def test_sessions_from_before_end_with_the_release(owner):
    client = sign_in(owner)
    assert UserSession.objects.exists()
    MIGRATION.end_all_sessions(apps, None)
    assert not is_signed_in(client)
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
