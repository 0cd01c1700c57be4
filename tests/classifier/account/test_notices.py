"""People are told by mail what was changed about how they sign in, whoever did it."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core import mail
from django.urls import reverse

from tests import PASSWORD
from tests.classifier.account.signing_in import NEW, SECRET, is_signed_in, set_password_by_mail

pytestmark = pytest.mark.django_db
WAY_OUT = f"{settings.SITE_ADDRESS}{reverse('account_reset_password')}"


def assert_told(user, text: str) -> None:
    message = mail.outbox[-1]
    assert message.to == [user.email]
    assert text in message.body


def test_a_password_that_was_changed(owner_client, owner):
    fields = NEW | {"oldpassword": PASSWORD}
    owner_client.post(reverse("account_change_password"), fields)
    assert_told(owner, "Your password has been changed.")
    assert WAY_OUT in mail.outbox[-1].body


def test_a_password_that_was_forgotten(client, owner):
    client.post(reverse("account_reset_password"), {"email": owner.email})
    set_password_by_mail(client)
    assert len(mail.outbox) == 2
    assert_told(owner, "Your password has been reset.")


def test_a_factor_that_was_removed(owner_client, owner):
    TOTP.activate(owner, SECRET)
    path = reverse("mfa_deactivate_totp")
    asked = owner_client.post(path)
    owner_client.post(asked.url, {"password": PASSWORD})
    owner_client.post(path)
    assert not owner.authenticator_set.exists()
    assert_told(owner, "Authenticator app deactivated.")


def test_a_password_by_an_administrator(
    owner, owner_client, login, superuser, django_capture_on_commit_callbacks
):
    path = reverse("admin:auth_user_password_change", args=[owner.pk])
    with django_capture_on_commit_callbacks(execute=True):
        login(superuser).post(path, NEW | {"usable_password": "true"})
    assert_told(owner, "Your password has been changed.")
    assert "An administrator of the site has done it." in mail.outbox[-1].body
    assert "127.0.0.1" not in mail.outbox[-1].body
    assert not is_signed_in(owner_client)


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_factor_by_an_administrator(
    way, owner, login, superuser, django_capture_on_commit_callbacks
):
    TOTP.activate(owner, SECRET)
    RecoveryCodes.activate(owner)
    keys = list(owner.authenticator_set.values_list("pk", flat=True))
    paths = [reverse("admin:mfa_authenticator_delete", args=[keys[0]])]
    form: dict = {"post": "yes"}
    if way == "list":
        paths = [reverse("admin:mfa_authenticator_changelist")]
        form |= {"action": "delete_selected", "_selected_action": keys}
    with django_capture_on_commit_callbacks(execute=True):
        assert login(superuser).post(paths[0], form).status_code == 302
    assert len(mail.outbox) == 1
    assert_told(owner, "A second factor of your account was removed.")


def test_the_admin_has_no_form_for_a_password_that_tells_nobody(login, superuser):
    answer = login(superuser).post(
        reverse("admin:password_change"), NEW | {"old_password": PASSWORD}
    )
    assert answer.url == reverse("account_change_password")
    superuser.refresh_from_db()
    assert superuser.check_password(PASSWORD)


def test_an_address_that_was_replaced_is_told_itself(owner_client, owner):
    first = EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    EmailAddress.objects.create(user=owner, email="new@example.org", verified=True)
    owner_client.post(reverse("account_email"), {"email": "new@example.org", "action_primary": ""})
    assert mail.outbox[-1].to == [first.email]
