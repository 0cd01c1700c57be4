"""Operators look after models and people."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse
from kombu.exceptions import OperationalError

from classifier.models import ModelVersion, User
from classifier.services.submissions.dispatch import REANALYSE_TASK
from skinsite.celery import app
from tests.classifier.markup import visible_text
from tests.classifier.reading.test_admin_actions import run_action
from tests.factories import PASSWORD, ModelVersionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(superuser, login):
    return login(superuser)


def active() -> list[str]:
    return [str(row) for row in ModelVersion.objects.filter(is_active=True)]


@pytest.mark.parametrize("query", ["", "?is_active__exact=0"])
def test_promoting_a_model_and_rolling_back(operator, query):
    old, new = ModelVersionFactory(is_active=True), ModelVersionFactory(version="0.0.2")
    text = run_action(operator, "use_for_new_submissions", new, query=query)
    assert "0.0.2 now analyses new submissions." in text
    assert active() == ["seven-stage 0.0.2"]
    run_action(operator, "use_for_new_submissions", old)
    assert active() == ["seven-stage 0.0.1"]


def test_one_model_at_a_time(operator):
    old, new = ModelVersionFactory(is_active=True), ModelVersionFactory(version="0.0.2")
    text = run_action(operator, "use_for_new_submissions", old, new)
    assert "Choose exactly one model version." in text
    assert active() == ["seven-stage 0.0.1"]


def test_earlier_results_are_joined_by_another_version(operator, messages):
    model = ModelVersionFactory(version="0.0.2")
    text = run_action(operator, "add_to_earlier_results", model)
    assert "joined by what seven-stage 0.0.2 says" in text
    assert messages == [(REANALYSE_TASK, [model.pk, None])]


def test_earlier_results_wait_while_the_workers_cannot_be_reached(operator, monkeypatch):
    def refuse(*arguments: object, **options: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(app, "send_task", refuse)
    text = run_action(operator, "add_to_earlier_results", ModelVersionFactory())
    assert "cannot be reached at the moment" in text


def test_a_model_cannot_be_changed_by_hand(operator):
    model = ModelVersionFactory()
    before = ModelVersion.objects.values().get(pk=model.pk)
    path = reverse("admin:classifier_modelversion_change", args=[model.pk])
    operator.post(path, {"threshold": "0.9", "sha256": "f" * 64, "is_active": "on"})
    assert ModelVersion.objects.values().get(pk=model.pk) == before


def test_the_page_of_a_model_leads_to_its_card(operator):
    model = ModelVersionFactory(seven=True, card="# lesion-net\n\nFrom the card.")
    path = reverse("admin:classifier_modelversion_change", args=[model.pk])
    html = operator.get(path).content.decode()
    assert "From the card." not in html
    assert "0.5" in html
    (link,) = re.findall(r'href="(/admin/r/[^"]*)"', html)
    assert operator.get(link).url.endswith(model.get_absolute_url())


def test_a_model_that_somebody_may_only_look_at_cannot_be_promoted(login, staff):
    staff.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    model = ModelVersionFactory()
    run_action(login(staff), "use_for_new_submissions", model)
    assert active() == []


def test_a_person_is_added_by_address_and_password(operator):
    fields = {"email": "Grace@Example.org", "password1": PASSWORD, "password2": PASSWORD}
    answer = operator.post(
        reverse("admin:classifier_user_add"), fields | {"usable_password": "true"}, follow=True
    )
    assert answer.status_code == 200
    assert User.objects.get(email="grace@example.org").check_password(PASSWORD)


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", "no address", ""])
def test_a_person_with_a_bad_or_taken_address_is_not_added(operator, email):
    UserFactory(email="ada@example.org")
    fields = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    before = User.objects.count()
    answer = operator.post(
        reverse("admin:classifier_user_add"), fields | {"usable_password": "true"}
    )
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert User.objects.count() == before


def test_a_person_becomes_a_reviewer(operator):
    person = UserFactory()
    reviewers = Group.objects.get(name="reviewers")
    fields = {"email": person.email, "is_active": "on", "is_staff": "on", "groups": reviewers.pk}
    fields |= {"date_joined_0": "2026-03-01", "date_joined_1": "12:00:00"}
    path = reverse("admin:classifier_user_change", args=[person.pk])
    assert operator.post(path, fields).status_code == 302
    person = User.objects.get(pk=person.pk)
    assert person.is_staff
    assert person.has_perm("classifier.review_submission")
    assert person.check_password(PASSWORD)


def test_people_are_found_by_their_address(operator):
    UserFactory(email="ada@example.org"), UserFactory(email="grace@example.org")
    page = operator.get(reverse("admin:classifier_user_changelist"), {"q": "GRACE"})
    text = visible_text(page.content)
    assert "grace@example.org" in text
    assert "ada@example.org" not in text


def test_reviewers_may_look_and_review_and_nothing_else(reviewer):
    assert reviewer.get_all_permissions() == {
        f"classifier.{name}"
        for name in ("review_submission", "view_submission", "view_prediction", "view_review")
    }


def test_createsuperuser_gives_an_admin(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "Root@Example.org", verbosity=0)
    client.post(reverse("account_login"), {"login": "root@example.org", "password": PASSWORD})
    page = client.get(reverse("admin:index"))
    assert page.status_code == 200
    assert "Submissions" in visible_text(page.content)
