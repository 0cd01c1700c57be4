"""Everybody tries every address; a new address fails until it is listed here."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve, reverse

from classifier.models import Status, Submission
from classifier.scripts import SIGNED_OUT
from tests.classifier.addresses import ROUTES

ROLES = ("anonymous", "other", "owner", "reviewer", "staff", "superuser")

# These say where each of them ends up when redirects are followed: at a status, or at the form
# that asks to log in.
EVERYBODY = "200   200 200 200 200 200"
MEMBERS = "login 200 200 200 200 200"
VIEWERS = "login 404 200 200 404 200"
OWNER = "login 404 200 404 404 404"
ENTRANCE = "login 200 200 200 200 200"
STAFF = "login 403 403 200 200 200"
REVIEWERS = "login 403 403 200 403 200"
SUPERUSERS = "login 403 403 403 403 200"
NOBODY = "login 403 403 403 403 403"

PAGES = {
    "home": EVERYBODY,
    "about": EVERYBODY,
    "samples": EVERYBODY,
    "sample": EVERYBODY,
    "sample_heat_map": EVERYBODY,
    "use_sample": "login 405 405 405 405 405",
    "upload": MEMBERS,
    "history": MEMBERS,
    "waiting": MEMBERS,
    "delete_chosen": MEMBERS,
    "export_chosen": MEMBERS,
    "result": VIEWERS,
    "result_status": VIEWERS,
    "result_image": VIEWERS,
    "result_copy": VIEWERS,
    "result_thumbnail": VIEWERS,
    "result_heat_map": VIEWERS,
    "result_scale": "login 405 405 405 405 405",
    "retry": "login 405 405 405 405 405",
    "note": "login 405 405 405 405 405",
    "delete": OWNER,
    "account_data": MEMBERS,
    "account_export": MEMBERS,
    "account_devices": MEMBERS,
    "second_factor_link": MEMBERS,
    "second_factor_set_up": MEMBERS,
    "account_delete": MEMBERS,
    "models": EVERYBODY,
    "model": EVERYBODY,
    "model_figure": EVERYBODY,
    "model_version": EVERYBODY,
    "model_version_figure": EVERYBODY,
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    # Only the token opens these, and nobody's account does.
    "monitoring": "404   404 404 404 404 404",
    "monitoring_parts": "404   404 404 404 404 404",
}
ACCOUNTS = {
    "account_login": ENTRANCE,
    "account_logout": EVERYBODY,
    "account_inactive": EVERYBODY,
    "account_signup": EVERYBODY,
    "account_reauthenticate": MEMBERS,
    "account_email": MEMBERS,
    "account_email_verification_sent": EVERYBODY,
    "account_change_password": MEMBERS,
    "account_set_password": MEMBERS,
    "account_reset_password": EVERYBODY,
    "account_confirm_login_code": ENTRANCE,
    "account_confirm_email": EVERYBODY,
    "account_reset_password_from_key_done": EVERYBODY,
    "account_reset_password_from_key": EVERYBODY,
    "account_reset_password_done": EVERYBODY,
    "mfa_index": MEMBERS,
    "mfa_authenticate": ENTRANCE,
    "mfa_reauthenticate": MEMBERS,
    "mfa_activate_totp": MEMBERS,
    "mfa_generate_recovery_codes": MEMBERS,
    "mfa_list_webauthn": MEMBERS,
    "mfa_add_webauthn": MEMBERS,
    "mfa_edit_webauthn": MEMBERS,
    "mfa_remove_webauthn": MEMBERS,
    "mfa_login_webauthn": ENTRANCE,
    "mfa_reauthenticate_webauthn": MEMBERS,
    # These people have no app and no recovery codes.
    "mfa_deactivate_totp": "login 404 404 404 404 404",
    "mfa_view_recovery_codes": "login 404 404 404 404 404",
    "mfa_download_recovery_codes": "login 404 404 404 404 404",
}
ADMIN = {
    "operation": SUPERUSERS,
    "admin:index": STAFF,
    "admin:login": STAFF,
    "admin:logout": "login 403 403 405 405 405",
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": NOBODY,
    "admin:jsi18n": STAFF,
    "admin:view_on_site": "login 403 403 404 404 404",
    "admin:app_list": "login 403 403 200 404 200",
    "admin/(?P<url>.*)$": "login 403 403 404 404 404",
    "admin:auth_user_password_change": SUPERUSERS,
    "admin:classifier_review_simple_history": REVIEWERS,
}
#: Each model has five pages in the admin: list, add, history, delete and change.
ADMIN_MODELS = {
    "classifier_submission": (REVIEWERS, NOBODY, REVIEWERS, SUPERUSERS, REVIEWERS),
    "classifier_review": (REVIEWERS, NOBODY, REVIEWERS, NOBODY, REVIEWERS),
    "classifier_auditentry": (SUPERUSERS, NOBODY, SUPERUSERS, NOBODY, SUPERUSERS),
    "classifier_modelversion": (SUPERUSERS, NOBODY, SUPERUSERS, NOBODY, SUPERUSERS),
    "classifier_user": (SUPERUSERS,) * 5,
    "auth_group": (SUPERUSERS,) * 5,
    "account_emailaddress": (SUPERUSERS,) * 5,
    "mfa_authenticator": (SUPERUSERS, NOBODY, SUPERUSERS, SUPERUSERS, SUPERUSERS),
}
for model, (changelist, add, history, delete, change) in ADMIN_MODELS.items():
    ADMIN |= {
        f"admin:{model}_changelist": changelist,
        f"admin:{model}_add": add,
        f"admin:{model}_history": history,
        f"admin:{model}_delete": delete,
        f"admin:{model}_change": change,
        # This is an old address of the change page.
        f"admin/{model.replace('_', '/')}/<path:object_id>/": change,
    }
MATRIX = PAGES | ACCOUNTS | ADMIN


def test_every_address_is_in_the_matrix():
    assert set(ROUTES) == set(MATRIX)


def outcome(browser: Client, method: str, path: str) -> str:
    """Return where a request ends: its status, or ``login``."""
    answer = getattr(browser, method)(path, follow=True)
    answer.close()
    asked = answer.wsgi_request.path_info == reverse(settings.LOGIN_URL)
    return "login" if asked else str(answer.status_code)


#: Nobody can open these without being signed in, beside those that are there for signing in.
CLOSED = [
    name for name, ends in MATRIX.items() if ends.startswith("login") and "_login" not in name
]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("post", "upload"),
        ("post", "use_sample"),
        ("post", "retry"),
        ("post", "note"),
        *(("get", name) for name in CLOSED),
    ],
)
def test_a_script_that_nobody_is_signed_in_for_is_told_so(method, name, path_of, client):
    script = {"accept": "application/json"}
    answer = getattr(client, method)(path_of(name), follow=True, headers=script)
    assert answer.status_code == 401
    assert answer.json() == {"reason": SIGNED_OUT}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", MATRIX)
def test_a_page_is_shown_to_whom_the_matrix_says(name, path_of, browsers):
    path = path_of(name)
    found = {role: outcome(browsers[role], "get", path) for role in ROLES}
    assert found == dict(zip(ROLES, MATRIX[name].split(), strict=True))


def test_the_addresses_tried_are_those_of_the_matrix(path_of):
    for name in MATRIX:
        match = resolve(path_of(name))
        assert name in (match.view_name, match.route), name


#: These pages of the site's own take a form. All others take none.
SENT = {
    "upload": "login 422 422 422 422 422",
    "use_sample": MEMBERS,
    # Without points there is nothing to set.
    "result_scale": OWNER.replace("200", "422"),
    "retry": OWNER,
    "note": OWNER,
    "delete": OWNER,
    # Nothing is chosen, so nothing is done.
    "delete_chosen": MEMBERS,
    "account_devices": MEMBERS,
    "second_factor_link": MEMBERS,
    # The people have to prove once more who they are.
    "account_delete": MEMBERS,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_form_is_taken_from_whom_the_matrix_says(name, path_of, browsers):
    expected = SENT.get(name)
    if expected is None:
        expected = PAGES[name].replace("200", "405").replace("404", "405")
    found = {role: outcome(browsers[role], "post", path_of(name)) for role in ROLES}
    assert found == dict(zip(ROLES, expected.split(), strict=True))


@pytest.mark.parametrize("name", PAGES)
def test_nobody_may_do_anything_else(name, path_of, browsers, submission):
    path = path_of(name)
    for method in ("put", "patch", "delete"):
        for role in ("anonymous", "owner", "superuser"):
            asked = PAGES[name].startswith("login") and role == "anonymous"
            assert outcome(browsers[role], method, path) == ("login" if asked else "405")
    assert Submission.objects.filter(pk=submission.pk).exists()


@pytest.mark.parametrize("role", ["anonymous", "other", "reviewer", "staff", "superuser"])
@pytest.mark.parametrize("name", ["retry", "note", "delete"])
def test_only_the_owner_changes_anything(name, role, submission, path_of, browsers, sent):
    Submission.objects.update(status=Status.FAILED, failure="gave_up", note="On the left arm.")
    outcome(browsers[role], "post", path_of(name))
    left = Submission.objects.get(pk=submission.pk)
    assert (left.status, left.note) == (Status.FAILED, "On the left arm.")
    assert sent == []


@pytest.mark.parametrize("name", [name for name in ADMIN if name.endswith(("_add", "_delete"))])
def test_who_may_add_and_delete_in_the_admin(name, path_of, browsers):
    path = path_of(name)
    expected = dict(zip(ROLES, MATRIX[name].split(), strict=True))
    for role in ROLES[:-1]:
        assert outcome(browsers[role], "post", path) == expected[role], role


@pytest.mark.parametrize("name", ["result", "result_image", "delete"])
def test_an_address_of_nothing_looks_like_that_of_somebody_else(name, browsers, submission):
    pages = [browsers["other"].get(reverse(name, args=[pk])) for pk in (submission.pk, uuid4())]
    assert [page.status_code for page in pages] == [404, 404]
    somebodys, nobodys = (re.sub(r'oken" value="\w+"', "", page.content.decode()) for page in pages)
    assert somebodys.replace(str(submission.pk), "") == nobodys


def test_a_form_of_another_site_is_refused(owner, submission):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    for name in ("retry", "note", "delete", "result_scale"):
        assert browser.post(reverse(name, args=[submission.pk])).status_code == 403
    assert browser.post(reverse("upload")).status_code == 403
    assert Submission.objects.filter(pk=submission.pk).exists()
