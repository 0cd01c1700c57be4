"""People who may see others' pictures need a second factor, which they set up by a mailed link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import PASSWORD
from tests.classifier.account.signing_in import (
    NEW_PASSWORD,
    SECRET,
    code,
    is_signed_in,
    log_in,
    sign_in,
    sign_in_with_code,
)
from tests.classifier.addresses import ROUTES
from tests.classifier.markup import visible_text
from tests.classifier.test_permissions import MATRIX
from tests.factories import SubmissionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_time_stands_still")]
LINK, INDEX, REAUTHENTICATE = map(
    reverse, ("second_factor_link", "mfa_index", "mfa_reauthenticate")
)
ACTIVATE, ADMIN = reverse("mfa_activate_totp"), reverse("admin:index")
#: Clinicians may look at these addresses and others may not: they show what is not one's own.
OF_OTHERS = [
    name for name in ROUTES if MATRIX[name].split()[1:4:2] in (["404", "200"], ["403", "200"])
]


@pytest.fixture(autouse=True)
def _required(settings) -> None:
    settings.STAFF_SECOND_FACTOR = True
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = True


def key_in_mail() -> str:
    return re.search(r"/account/second-factor/(\S+)/\s", mail.outbox[-1].body)[1]


def open_link(client: Client, key: str) -> str:
    return client.get(reverse("second_factor_set_up", args=[key])).url


@pytest.fixture
def _commits(monkeypatch) -> None:
    """Run what waits for a commit within its request, as on the site; no test ever commits."""
    monkeypatch.setattr(transaction, "on_commit", lambda action: action())


def set_up(client: Client) -> None:
    """Set up an app as a second factor, as its page asks for it."""
    asked = client.get(ACTIVATE)
    page = client.post(asked.url, {"password": PASSWORD}, follow=True).content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)[1]
    assert client.post(ACTIVATE, {"code": code(secret)}).status_code == 302


@pytest.fixture
def clinician(reviewer) -> Client:
    """Return a browser in which a clinician has given a password, and nothing else."""
    return sign_in(reviewer)


def test_there_are_such_addresses():
    assert {"result", "result_image", "admin:classifier_submission_change"} <= set(OF_OTHERS)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_no_page_shows_other_peoples_pictures_for_a_password_alone(name, clinician, path_of):
    Authenticator.objects.all().delete()
    whole_page = clinician.get(path_of(name), follow=True)
    assert whole_page.wsgi_request.path == LINK


def test_a_waiting_page_goes_to_the_set_up_as_a_whole(clinician, submission):
    asked = clinician.get(
        reverse("result_status", args=[submission.pk]), headers={"HX-Request": "true"}
    )
    assert (asked["HX-Redirect"], asked.content) == (LINK, b"")


@pytest.mark.parametrize("role", ["reviewer", "staff", "superuser"])
def test_staff_are_led_to_its_set_up_where_the_site_requires_it(role, request, settings):
    client = sign_in(request.getfixturevalue(role))
    for path in (ADMIN, reverse("admin:password_change"), "/admin/no/such/page/"):
        assert client.get(path).url == LINK
    assert is_signed_in(client)
    settings.STAFF_SECOND_FACTOR = False
    assert client.get(ADMIN).status_code == 200


def test_a_clinician_sees_their_own_all_the_same(clinician, reviewer):
    mine = SubmissionFactory(owner=reviewer)
    assert clinician.get(reverse("result", args=[mine.pk])).status_code == 200


def test_what_is_not_there_looks_like_what_is_somebody_elses(clinician, submission, reviewer):
    for pk in (submission.pk, "00000000-0000-4000-8000-000000000000"):
        assert clinician.get(reverse("result", args=[pk])).url == LINK


def test_with_a_password_alone_nobody_sets_up_a_factor_of_their_own(clinician, reviewer):
    clinician.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
        assert clinician.get(reverse(name)).url == LINK
        assert clinician.post(reverse(name), {"code": code()}).url == LINK
    assert not Authenticator.objects.exists()


def test_nor_has_the_link_sent_to_another_address(clinician, reviewer):
    email = reverse("account_email")
    form = {"email": "attacker@example.org", "action_add": ""}
    assert clinician.post(email, form).url == LINK
    assert clinician.get(email).url == LINK
    assert not EmailAddress.objects.filter(email="attacker@example.org").exists()


@pytest.mark.usefixtures("_commits")
def test_the_link_in_the_mail_leads_to_the_set_up(clinician, reviewer, submission):
    assert "Set up a second factor first" in visible_text(clinician.get(LINK).content)
    assert "Open the link in your mail" in visible_text(clinician.post(LINK).content)
    (message,) = mail.outbox
    assert message.to == [reviewer.email]
    assert "somebody else knows your password" in message.body
    assert open_link(clinician, key_in_mail()) == INDEX
    set_up(clinician)
    assert mail.outbox[-1].subject == "SkinSite: Authenticator App Activated"
    for path in (ADMIN, reverse("result", args=[submission.pk]), reverse("account_email")):
        assert clinician.get(path).status_code == 200


def test_the_link_opens_nothing_in_a_browser_of_somebody_else(clinician, other, superuser):
    clinician.post(LINK)
    key = key_in_mail()
    assert open_link(Client(), key).startswith(reverse("account_login"))
    somebody = sign_in(superuser)
    assert open_link(somebody, key) == LINK
    assert somebody.get(ACTIVATE).url == LINK
    # The link opens nothing in the owner's browser either, as it was not opened there.
    assert clinician.get(ACTIVATE).url == LINK


@pytest.mark.parametrize("key", ["x", "x:y:z", ":"])
def test_a_link_that_somebody_made_up(clinician, key):
    assert open_link(clinician, key) == LINK
    assert "too old, was used" in visible_text(clinician.get(LINK).content)


def test_a_link_is_good_for_half_an_hour_and_for_one_password(clinician, reviewer, time_machine):
    clinician.post(LINK)
    key = key_in_mail()
    open_link(clinician, key)
    assert clinician.get(ACTIVATE).url != LINK
    time_machine.move_to(timezone.now() + timedelta(minutes=31))
    assert clinician.get(ACTIVATE).url == LINK
    clinician.post(LINK)
    key = key_in_mail()
    reviewer.set_password(NEW_PASSWORD)
    reviewer.save()
    client = Client()
    log_in(client, reviewer.email, NEW_PASSWORD)
    assert open_link(client, key) == LINK


def test_the_mail_is_not_sent_without_end(clinician):
    assert [clinician.post(LINK).status_code for _ in range(6)] == [200] * 5 + [429]
    assert len(mail.outbox) == 5


@pytest.mark.usefixtures("_commits")
def test_a_factor_that_is_set_up_ends_what_was_signed_in_without(clinician, reviewer):
    attacker = sign_in(reviewer)
    clinician.post(LINK)
    open_link(clinician, key_in_mail())
    set_up(clinician)
    assert (is_signed_in(attacker), is_signed_in(clinician)) == (False, True)


def test_a_session_from_before_there_was_a_factor_proves_nothing(login, reviewer, submission):
    client = login(reviewer)
    TOTP.activate(reviewer, SECRET)
    RecoveryCodes.activate(reviewer)
    closed = [ADMIN, reverse("result", args=[submission.pk]), reverse("mfa_deactivate_totp")]
    closed += [reverse("mfa_view_recovery_codes"), reverse("account_email")]
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for path in closed:
        assert client.get(path).url.startswith(REAUTHENTICATE)
    asked = client.get(closed[1])
    assert client.post(asked.url, {"code": code()}).url == closed[1]
    assert client.get(closed[1]).status_code == 200


def test_who_has_signed_in_with_a_factor_has_proved_it(reviewer, submission):
    TOTP.activate(reviewer, SECRET)
    client = sign_in_with_code(reviewer, code())
    assert client.get(ADMIN).status_code == 200
    assert client.get(reverse("result", args=[submission.pk])).status_code == 200
    # A factor that an administrator deletes, because it was stolen, proves nothing any more.
    Authenticator.objects.all().delete()
    assert client.get(ADMIN).url == LINK


def test_others_need_no_link(owner):
    client = sign_in(owner)
    assert client.get(LINK).url == INDEX
    assert client.get(ACTIVATE).url.startswith(reverse("account_reauthenticate"))
    assert client.get(ADMIN).url != LINK
