"""An account takes an e-mail address in any case and a good password, and limits attempts."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from classifier.models import User
from tests.classifier.account.signing_in import (
    NEW,
    NEW_PASSWORD,
    is_signed_in,
    log_in,
    mailed_link,
)
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN, SIGNUP = reverse("account_login"), reverse("account_signup")


def sign_up(client: Client, email: str, password: str = PASSWORD):
    return client.post(SIGNUP, {"email": email, "password1": password, "password2": password})


def who(client: Client) -> str | None:
    """Return the address of the person who is logged in, or None."""
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def test_signing_up_logs_in_and_leads_to_the_upload(client):
    answer = sign_up(client, "Ada@Example.org")
    assert (answer.status_code, answer.url) == (302, reverse("upload"))
    user = User.objects.get()
    assert user.email == "ada@example.org"
    assert who(client) == user.email
    assert not user.is_staff
    assert not user.is_superuser
    assert user.has_usable_password()


def test_where_mail_is_sent_an_address_must_be_confirmed_first(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert sign_up(client, "ada@example.org").url == reverse("account_email_verification_sent")
    assert who(client) is None
    assert log_in(client, "ada@example.org").url == reverse("account_email_verification_sent")
    assert who(client) is None
    link = mailed_link()
    assert client.get(link).status_code == 200
    assert client.post(link).status_code == 302
    log_in(client, "ada@example.org")
    assert who(client) == "ada@example.org"


def test_where_mail_is_sent_nobody_learns_who_has_an_account(client, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    UserFactory(email="ada@example.org")
    known, new = (sign_up(client, f"{name}@example.org") for name in ("ada", "grace"))
    assert (known.status_code, known.url) == (new.status_code, new.url)


def test_there_is_no_user_name(client):
    html = client.get(SIGNUP).content.decode()
    names = set(re.findall(r'<input[^>]*name="(\w+)"', html))
    assert names == {"csrfmiddlewaretoken", "email", "password1", "password2"}


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", "Ada@Example.Org"])
def test_one_account_for_an_address_in_any_case(client, email):
    UserFactory(email="ada@example.org")
    answer = sign_up(client, email)
    assert answer.status_code == 200
    assert User.objects.count() == 1
    assert who(client) is None


def test_an_account_made_in_another_case_by_an_operator_is_one_too(client):
    User.objects.create_user("Ada@example.org", PASSWORD)
    assert sign_up(client, "ada@example.org").status_code == 200
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("no address", PASSWORD),
        ("", PASSWORD),
        ("ada@example.org", "short-1"),
        ("ada@example.org", "password123"),
        ("ada@example.org", "12345678901234"),
        ("adalovelace@example.org", "adalovelace"),
    ],
)
def test_what_is_no_address_or_no_good_password(client, email, password):
    answer = sign_up(client, email, password)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("stored", ["ada@example.org", "Ada@example.org"])
@pytest.mark.parametrize("typed", ["ada@example.org", "ADA@EXAMPLE.ORG", "Ada@example.org"])
def test_the_login_does_not_mind_the_case(client, stored, typed):
    UserFactory(email=stored)
    assert log_in(client, typed).url == reverse("upload")
    assert who(client) == stored


def test_the_login_leads_to_where_one_wanted_to_go(client, owner):
    url = f"{LOGIN}?next={reverse('history')}"
    fields = {"login": owner.email, "password": PASSWORD, "next": reverse("history")}
    assert client.post(url, fields).url == reverse("history")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_the_login_leads_nowhere_else(client, owner, elsewhere):
    fields = {"login": owner.email, "password": PASSWORD, "next": elsewhere}
    assert client.post(LOGIN, fields).url == reverse("upload")


def test_a_wrong_password_and_an_unknown_address_look_alike(client, owner):
    wrong = log_in(client, owner.email, "wrong")
    unknown = log_in(client, "nobody@example.org", "wrong")
    errors = [
        re.search(r'<ul class="errorlist.*?</ul>', a.content.decode())[0] for a in (wrong, unknown)
    ]
    assert errors[0] == errors[1]
    assert who(client) is None


def test_an_account_that_is_closed_lets_nobody_in(client):
    closed = UserFactory(is_active=False)
    log_in(client, closed.email, follow=True)
    assert who(client) is None


def test_logging_out_needs_a_form(owner_client, owner):
    assert owner_client.get(reverse("account_logout")).status_code == 200
    assert who(owner_client) == owner.email
    assert owner_client.post(reverse("account_logout")).url == reverse("home")
    assert who(owner_client) is None
    assert owner_client.get(reverse("upload")).status_code == 302


def test_the_password_is_changed_by_who_knows_the_old_one(client, owner):
    log_in(client, owner.email)
    fields = NEW | {"oldpassword": "wrong"}
    url = reverse("account_change_password")
    assert "errorlist" in client.post(url, fields).content.decode()
    assert client.post(url, fields | {"oldpassword": PASSWORD}).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)


def test_a_forgotten_password(client, owner):
    elsewhere = Client()
    log_in(elsewhere, owner.email)
    assert client.post(reverse("account_reset_password"), {"email": owner.email.upper()}).url == (
        reverse("account_reset_password_done")
    )
    (message,) = mail.outbox
    assert message.to == [owner.email]
    assert message.subject.startswith("SkinSite: ")
    link = mailed_link()
    form = client.get(link, follow=True)
    url = form.redirect_chain[-1][0]
    assert owner.email not in url
    assert client.post(url, NEW).url == reverse("account_reset_password_from_key_done")
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)
    assert not is_signed_in(elsewhere)
    used = Client().get(link, follow=True)
    assert "password1" not in used.content.decode()


def test_a_forgotten_password_of_nobody_looks_the_same(client, owner):
    url = reverse("account_reset_password")
    answers = [client.post(url, {"email": email}) for email in (owner.email, "nobody@example.org")]
    assert answers[0].url == answers[1].url


def test_cookies_are_for_this_site_alone(client, owner):
    answer = log_in(client, owner.email)
    session = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    csrf = client.get(reverse("upload")).cookies[settings.CSRF_COOKIE_NAME]
    assert csrf["httponly"]
    assert csrf["samesite"] == "Lax"


def test_a_second_address_must_be_confirmed(owner_client, owner):
    owner_client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    assert User.objects.get(pk=owner.pk).email == owner.email
