"""Links in mails lead to the site's own address, whatever a request claims or without a request."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.conf import settings
from django.core import mail
from django.urls import reverse

from tests import PASSWORD

pytestmark = pytest.mark.django_db


def assert_leads_home() -> None:
    (message,) = mail.outbox
    hosts = {urlsplit(link).netloc for link in re.findall(r"https?://\S+", message.body)}
    assert hosts == {urlsplit(settings.SITE_ADDRESS).netloc}
    assert "evil" not in message.body + message.subject
    assert "Hello from SkinSite!" in message.body


@pytest.mark.parametrize("email", ["person@example.org", "nobody@example.org"])
def test_a_request_for_a_new_password(client, other, settings, email):
    settings.ALLOWED_HOSTS = ["*"]
    other.email = "person@example.org"
    other.save()
    host = {"host": "evil.example"}
    client.post(reverse("account_reset_password"), {"email": email}, headers=host)
    assert_leads_home()


@pytest.mark.parametrize("email", ["person@example.org", "new@example.org"])
def test_a_sign_up(client, other, settings, email):
    settings.ALLOWED_HOSTS = ["*"]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    other.email = "person@example.org"
    other.save()
    fields = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), fields, headers={"host": "evil.example"})
    assert_leads_home()


def test_a_worker_sends_one_without_a_request():
    assert context.request is None
    links = {"password_reset_url": "http://evil.example/accounts/password/reset/key/1-2/"}
    get_adapter().send_mail("account/email/password_reset_key", "person@example.org", links)
    assert_leads_home()
    assert f"{settings.SITE_ADDRESS}/accounts/password/reset/key/1-2/" in mail.outbox[0].body
