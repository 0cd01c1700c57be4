"""A person who has left is in no row, no session and no log of the site."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.sessions.models import Session
from django.urls import reverse

from classifier.models import User
from classifier.services.account.delete import delete_account
from classifier.services.account.export import export_account
from tests import PASSWORD
from tests.classifier.account.signing_in import SECRET, is_signed_in, sign_in
from tests.factories import ReviewFactory, SubmissionFactory, UserFactory

pytestmark = pytest.mark.django_db
ADDRESS, SECOND, ALIKE = "ada@example.org", "lovelace@example.org", "not.ada@example.org"


def all_that_is_kept() -> str:
    """Return every row of every table, and what the sessions hold."""
    rows: list[Any] = [list(model._base_manager.values()) for model in apps.get_models()]
    rows.append([session.get_decoded() for session in Session.objects.all()])
    return json.dumps(rows, default=str).lower()


@pytest.fixture
def ada(login, superuser, settings) -> User:
    """Return a person who is everywhere: signed in twice, half signed in, in the admin's log."""
    ada = UserFactory(email=ADDRESS)
    SubmissionFactory(owner=ada, done__explained=True)
    ReviewFactory(submission=SubmissionFactory(owner=ada, done=True))
    # This session is one from before there were lists of sessions.
    login(ada).get(reverse("upload"))
    sign_in(ada)
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_in(ada, to="account_email_verification_sent")
    EmailAddress.objects.filter(user=ada).update(verified=True, primary=True)
    EmailAddress.objects.create(user=ada, email=SECOND)
    TOTP.activate(ada, SECRET)
    sign_in(ada, to="mfa_authenticate")
    admin = login(superuser)
    gone = EmailAddress.objects.create(user=ada, email="ada.byron@example.org")
    for name, address in (("change", EmailAddress.objects.get(email=SECOND)), ("delete", gone)):
        path = reverse(f"admin:account_emailaddress_{name}", args=[address.pk])
        form = {"user": ada.pk, "email": address.email, "post": "yes"}
        assert admin.post(path, form).status_code == 302
    path = reverse("admin:classifier_user_change", args=[ada.pk])
    form = {"email": ADDRESS.upper(), "is_active": "on"}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "12:00"}
    assert admin.post(path, form).status_code == 302
    User.objects.filter(pk=ada.pk).update(email=ADDRESS)
    UserFactory(email=ALIKE)
    LogEntry.objects.create(
        user=superuser,
        action_flag=ADDITION,
        object_repr=ALIKE,
        change_message=f"Wrote to {ADDRESS} and {SECOND}",
    )
    kept = all_that_is_kept()
    assert all(kept.count(address) > 1 for address in (ADDRESS, SECOND))
    return ada


def assert_forgotten(key: int) -> None:
    kept = all_that_is_kept().replace(ALIKE, "")
    for address in (ADDRESS, SECOND, "ada.byron"):
        assert address not in kept
    assert f"wrote to account {key} and account {key}" in kept
    assert not User.objects.filter(pk=key).exists()
    assert not UserSession.objects.filter(user=key).exists()
    # A longer address that holds the person's own is somebody else's, and stays.
    assert LogEntry.objects.filter(object_repr=ALIKE).exists()


def leave(ada: User, superuser: User, login: Any) -> None:
    # This person signed in before they had a second factor.
    client = login(ada)
    asked = client.post(reverse("account_delete"))
    answer = client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert "Your account is deleted" in answer.content.decode()


def be_deleted(ada: User, superuser: User, login: Any) -> None:
    path = reverse("admin:classifier_user_delete", args=[ada.pk])
    assert login(superuser).post(path, {"post": "yes"}).status_code == 302


def be_deleted_from_the_list(ada: User, superuser: User, login: Any) -> None:
    form = {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"}
    assert login(superuser).post(reverse("admin:classifier_user_changelist"), form).url


@pytest.mark.parametrize("go", [leave, be_deleted, be_deleted_from_the_list])
def test_nothing_names_who_has_left(go, ada, superuser, login):
    key = ada.pk
    go(ada, superuser, login)
    assert_forgotten(key)


def test_other_people_stay_signed_in(ada, superuser, login, other):
    theirs = login(other)
    be_deleted(ada, superuser, login)
    assert is_signed_in(theirs)


def test_an_administrator_deletes_their_own_account(superuser, login):
    client = login(superuser)
    path = reverse("admin:classifier_user_delete", args=[superuser.pk])
    assert client.post(path, {"post": "yes"}).status_code == 302
    assert not is_signed_in(client)
    assert superuser.email not in all_that_is_kept()


@pytest.fixture
def half_signed_in(settings) -> Callable[[str], Session]:
    """Return a function that makes a person, and a session that waits for their address."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def make(address: str) -> Session:
        browser = sign_in(UserFactory(email=address), to="account_email_verification_sent")
        return Session.objects.get(session_key=browser.session.session_key)

    return make


@pytest.mark.parametrize(
    ("address", "longer"),
    [
        ("ann@example.org", "joann@example.org"),
        ("ann@example.org", "o'ann@example.org"),
        ("ann@example.org", "ann@example.org.uk"),
        ("ann@exämple.org", "ann@exämple.org.uk"),
    ],
)
def test_a_longer_address_is_somebody_elses(address, longer, half_signed_in, superuser):
    _, theirs = half_signed_in(address), half_signed_in(longer)
    told = [{"added": {"name": "copy", "object": address.upper()}}, {"added": {"object": longer}}]
    LogEntry.objects.log_actions(superuser.pk, [superuser], ADDITION, told)
    ann = User.objects.get(email=address)
    key = ann.pk
    delete_account(ann)
    assert list(Session.objects.all()) == [theirs]
    told[0]["added"]["object"] = f"account {key}"
    assert json.loads(LogEntry.objects.get().change_message) == told


def test_a_session_that_tells_a_sentence_with_the_address(login, other):
    user = UserFactory(email="ann@exämple.org")
    browser = login(other)
    browser.post(reverse("account_logout"))
    session = browser.session
    # The messages of a page wait in the session as JSON within JSON.
    session["_messages"] = json.dumps([f"Hello\n{user.email}."])
    session.save()
    delete_account(user)
    assert not Session.objects.exists()


def test_what_the_account_is_made_of_is_in_the_export(ada):
    told = b"".join(export_account(ada)).decode(errors="replace")
    for text in (SECOND, '"totp"', '"ip": "127.0.0.1"'):
        assert text in told
    assert SECRET not in told


#: These models belong to people, with the part of the export that tells them. Of those without a
#: part, the person is no more than a key.
OF_A_PERSON = {
    "account.EmailAddress": "addresses",
    "mfa.Authenticator": "second_factors",
    "usersessions.UserSession": "devices",
    "classifier.Submission": "submissions",
    # A clinician's reviews are told to those whose pictures they are about.
    "classifier.Review": "reviews",
    "classifier.HistoricalReview": "",
    # The log tells the other administrators what one of them did.
    "admin.LogEntry": "",
}


def test_every_model_of_a_person_is_known_here():
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    mine = {
        field.model._meta.label
        for field in fields
        if field.many_to_one and field.related_model is User
    }
    assert mine == OF_A_PERSON.keys()
