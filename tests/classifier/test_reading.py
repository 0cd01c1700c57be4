"""What a patient must understand is written in plain words: pages, mails and rejections."""

from __future__ import annotations

import re

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import mail
from django.urls import reverse

from classifier.models import Submission
from tests.classifier.submissions.test_models_predictive_value import METRICS
from tests.classifier.submissions.test_views_result_explained import PROBABILITIES
from tests.classifier.submissions.test_views_result_kinds import BOTH
from tests.factories import ModelVersionFactory, SubmissionFactory
from tests.reading import EASY, MEDICAL, prose_of, reading_grade

pytestmark = pytest.mark.django_db
ANSWERS = {
    "malignant": {"verdict": "malignant", "malignant_probability": 0.9, "possible": ["mel"]},
    "of eight looks": {"spread_low": 0.01, "spread_high": 0.4},
    "leans malignant": {"verdict": "uncertain", "malignant_probability": 0.7},
    "leans benign": {"verdict": "uncertain", "malignant_probability": 0.2},
    "does not fit": {"verdict": "uncertain", "malignant_probability": 0.2, "possible": ["mel"]},
    "worth a look": {"verdict": "benign", "malignant_probability": 0.35, "possible": ["nv"]},
    "benign": {"verdict": "benign", "malignant_probability": 0.02, "possible": ["nv"]},
    "not clear": {"verdict": "benign", "abcd": {}, "outline": None, "heat_map": ""},
    "a photograph": {"verdict": "malignant", "judged_as": "clinical"},
}
MAILS = (
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_reset_key",
    "account/email/password_set",
    "account/email/second_factor",
    "account/email/second_factor_removed",
    "account/email/unknown_account",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
)


def assert_easy(sections: dict[str, str]) -> None:
    """Check all sections at once, so that a failure tells of each of them."""
    assert sections
    grades = {name: (round(reading_grade(text), 1), text) for name, text in sections.items()}
    assert {name: told for name, told in grades.items() if told[0] > EASY} == {}


def explained(owner, fields: dict) -> Submission:
    version = ModelVersionFactory(seven=True, metrics={"held_out": METRICS} | BOTH)
    given = {
        "explained": True,
        "model_version": version,
        "probabilities": PROBABILITIES,
        "possible": ["mel", "nv"],
    } | fields
    return SubmissionFactory(
        owner=owner, **{f"done__{name}": value for name, value in given.items()}
    )


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_section_of_a_result(owner, owner_client, answer):
    submission = explained(owner, ANSWERS[answer])
    html = owner_client.get(reverse("result", args=[submission.pk])).content
    sections = prose_of(html)
    expected = {"why", "people", "measured", "warning-signs", "network"}
    if answer == "of eight looks":  # how often it is right was not measured for these
        expected -= {"people"}
    assert expected <= set(sections)
    assert len(sections["why"].split()) > 80
    assert_easy(sections)


@pytest.mark.parametrize("state", [{}, {"running": True}, {"failed": True}, {"rejected": True}])
def test_the_page_of_a_picture_without_a_result(owner, owner_client, state):
    submission = SubmissionFactory(owner=owner, **state)
    assert_easy(prose_of(owner_client.get(reverse("result", args=[submission.pk])).content))


@pytest.mark.parametrize("name", ["upload", "delete", "account_data", "account_delete"])
def test_pages_on_which_a_person_does_something(owner_client, path_of, name):
    assert_easy(prose_of(owner_client.get(path_of(name), follow=True).content))


def test_the_page_that_says_how_it_works(client):
    sections = prose_of(client.get(reverse("about")).content)
    del sections["Where it comes from"]  # it holds names alone
    assert_easy(sections)


@pytest.mark.parametrize("path", ["/", "/samples/", "/samples/melanoma/", "/samples/nevus/"])
def test_pages_on_which_a_stranger_sees_results(client, path):
    assert_easy(prose_of(client.get(path).content))


@pytest.mark.parametrize("name", MAILS)
def test_every_mail(name, owner):
    context = {
        "user": owner,
        "ip": "192.0.2.1",
        "user_agent": "Firefox",
        "timestamp": "1 March 2026",
        "from_email": "old@example.org",
        "to_email": "new@example.org",
        "deleted_email": "old@example.org",
        "password_reset_url": "/accounts/password/reset/",
        "activate_url": "/accounts/confirm-email/",
        "signup_url": "/accounts/signup/",
        "set_up_url": "/account/second-factor/",
    }
    get_adapter().send_mail(name, owner.email, context)
    (message,) = mail.outbox
    assert "Hello from SkinSite!" in message.body
    body = re.sub(
        r"https?://\S+|\S+@\S+|^- .*$|" + re.escape(settings.SITE_ADDRESS),
        "",
        message.body,
        flags=re.M,
    )
    assert_easy({name: " ".join(body.split())})


def test_no_mail_is_forgotten(settings):
    """Check that every mail which the site's own templates word is measured."""
    own = {
        str(path.relative_to(settings.BASE_DIR / "templates")).removesuffix("_message.txt")
        for path in (settings.BASE_DIR / "templates").rglob("email/*_message.txt")
    }
    assert own - {"account/email/base"} <= set(MAILS)


def test_medical_terms_are_the_only_hard_words_left_out():
    hard = "An incontrovertible quantification of melanoma necessitates multidisciplinary review."
    assert reading_grade(hard) > EASY
    assert reading_grade("The spot is benign. It is no melanoma.") < EASY
    assert all(term == term.lower() for term in MEDICAL)


def test_prose_is_told_by_section():
    html = """<main><h1>Top</h1><p>One two three.</p>
        <details id="why"><summary><h2>Why</h2></summary><p>Four five <b>six</b> seven</p>
        <ul><li>eight nine ten</li></ul></details>
        <section><h2>Last</h2><p>Ten<br> eleven twelve.</p></section></main>"""
    assert prose_of(html) == {
        "Top": "One two three.",
        "why": "Four five six seven. eight nine ten.",
        "Last": "Ten eleven twelve.",
    }
