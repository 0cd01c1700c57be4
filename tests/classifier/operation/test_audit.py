"""The site records for good who saw, changed, exported or deleted something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.urls import reverse
from kombu.exceptions import OperationalError
from structlog.contextvars import bound_contextvars

from classifier.models import AuditEntry, ModelVersion, Submission, User
from classifier.services.account import retention
from classifier.services.operation.audit import record_action
from skinsite.celery import app
from tests import PASSWORD
from tests.classifier.markup import visible_text
from tests.classifier.reading.test_admin_actions import LIST, run_action
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


def told() -> list[tuple]:
    """Return what the entries tell, the oldest first."""
    rows = AuditEntry.objects.order_by("pk")
    return list(rows.values_list("actor_key", "action", "subject_type", "subject_key"))


@pytest.fixture
def entry(owner) -> AuditEntry:
    record_action(action=AuditEntry.Action.EXPORTED, subject=owner, actor=owner)
    return AuditEntry.objects.get()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(actor_key=0),
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.all().delete(),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(attempt, entry):
    before = AuditEntry.objects.values().get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        attempt(entry)
    assert AuditEntry.objects.values().get() == before


@pytest.mark.parametrize(
    "name", ["result", "result_image", "result_copy", "result_thumbnail", "result_heat_map"]
)
def test_a_clinician_who_looks_at_a_picture(name, reviewer, reviewer_client, submission):
    path = reverse(name, args=[submission.pk])
    for _ in range(2):
        reviewer_client.get(path).getvalue()
    assert told() == [(reviewer.pk, "saw", "submission", str(submission.pk))]
    cache.clear()  # this is as if an hour had passed
    reviewer_client.get(path).getvalue()
    assert len(told()) == 2


def test_a_look_is_on_record_while_the_cache_is_away(reviewer_client, submission, monkeypatch):
    def fail(*arguments: object) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr("classifier.services.operation.audit.cache.add", fail)
    assert reviewer_client.get(reverse("result", args=[submission.pk])).status_code == 200
    assert len(told()) == 1


def test_a_clinician_who_looks_in_the_admin(reviewer, reviewer_client, submission):
    reviewer_client.get(reverse("admin:classifier_submission_change", args=[submission.pk]))
    assert told() == [(reviewer.pk, "saw", "submission", str(submission.pk))]


def test_who_looks_at_their_own_and_who_may_not_look_at_all(owner_client, login, other, submission):
    path = reverse("result", args=[submission.pk])
    assert owner_client.get(path).status_code == 200
    assert login(other).get(path).status_code == 404
    assert told() == []


def test_a_person_who_takes_along_and_deletes(owner, owner_client):
    submission = SubmissionFactory(owner=owner, done=True)
    owner_client.get(reverse("account_export")).getvalue()
    owner_client.post(reverse("delete", args=[submission.pk]))
    assert told() == [
        (owner.pk, "exported", "user", str(owner.pk)),
        (owner.pk, "deleted", "submission", str(submission.pk)),
    ]


def test_an_account_that_is_deleted_leaves_its_number(owner, owner_client):
    key = owner.pk
    owner_client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    owner_client.post(reverse("account_delete"))
    assert told()[-1] == (key, "deleted", "user", str(key))


def test_what_is_deleted_for_its_age_is_nobodys_deed(settings, time_machine):
    submission = SubmissionFactory(done=True)
    settings.RETENTION = timedelta(days=1)
    time_machine.move_to(submission.created_at + timedelta(days=2))
    retention.delete_expired_submissions()
    assert told() == [(None, "deleted", "submission", str(submission.pk))]


def test_what_is_done_in_the_admin(superuser, login):
    client, rejected = login(superuser), SubmissionFactory(rejected=True)
    model, doomed = ModelVersionFactory(), SubmissionFactory.create_batch(2)
    run_action(client, "overrule", rejected)
    run_action(client, "use_for_new_submissions", model)
    group = Group.objects.get()
    client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "clinicians"})
    path = reverse("admin:classifier_submission_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [s.pk for s in doomed]}
    client.post(path, chosen | {"post": "yes"})
    assert not Submission.objects.filter(pk__in=[s.pk for s in doomed]).exists()
    done = [entry for entry in told() if entry[1] != "saw"]
    assert {actor for actor, *_ in done} == {superuser.pk}
    assert {tuple(rest) for _, *rest in done} == {
        ("changed", "submission", str(rejected.pk)),
        ("changed", "modelversion", str(model.pk)),
        ("changed", "group", str(group.pk)),
        *(("deleted", "submission", str(submission.pk)) for submission in doomed),
    }


@pytest.fixture
def refuse(monkeypatch):
    """Return a function that stops all entries from being written once it was called."""

    def fail(**fields: object) -> None:
        raise DatabaseError("the log is full")

    return lambda: monkeypatch.setattr(AuditEntry.objects, "create", fail)


def rows() -> list:
    models = (Submission, ModelVersion, Group, User)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("name", ["requeue", "overrule", "delete_selected"])
def test_an_action_falls_with_its_entry(name, superuser, login, refuse):
    client, rejected = login(superuser), SubmissionFactory(rejected=True)
    before = rows()
    refuse()
    chosen = {"action": name, "_selected_action": [rejected.pk], "post": "yes"}
    with pytest.raises(DatabaseError, match="the log is full"):
        client.post(reverse("admin:classifier_submission_changelist"), chosen)
    assert rows() == before


def test_what_is_done_to_a_model_or_a_person_falls_with_its_entry(superuser, login, refuse):
    client, model = login(superuser), ModelVersionFactory()
    before = rows()
    refuse()
    password = reverse("admin:auth_user_password_change", args=[superuser.pk])
    new = {"password1": f"{PASSWORD}2", "password2": f"{PASSWORD}2", "usable_password": "true"}
    for change in (
        lambda: run_action(client, "use_for_new_submissions", model),
        lambda: client.post(password, new),
    ):
        with pytest.raises(DatabaseError, match="the log is full"):
            change()
    assert rows() == before


def test_what_the_workers_were_not_told_is_not_on_record(superuser, login, monkeypatch):
    def gone(*arguments: object, **options: object) -> None:
        raise OperationalError

    monkeypatch.setattr(app, "send_task", gone)
    text = run_action(login(superuser), "add_to_earlier_results", ModelVersionFactory())
    assert "cannot be reached" in text
    assert told() == []


def test_a_list_of_thumbnails_is_one_look(reviewer, reviewer_client):
    others = SubmissionFactory.create_batch(3, done=True)
    SubmissionFactory(owner=reviewer, done=True)
    for _ in range(2):
        reviewer_client.get(LIST)
        for submission in others:
            reviewer_client.get(reverse("result_thumbnail", args=[submission.pk])).getvalue()
    assert told() == [(reviewer.pk, "saw", "submission", "")]
    assert set(AuditEntry.objects.get().listed) == {str(submission.pk) for submission in others}


def test_what_is_opened_from_a_list_is_a_look_of_its_own(reviewer, reviewer_client):
    submission = SubmissionFactory(done=True)
    reviewer_client.get(LIST)
    reviewer_client.get(reverse("result_image", args=[submission.pk])).getvalue()
    assert [key for *_, key in told()] == ["", str(submission.pk)]


def test_another_list_is_another_look(reviewer_client):
    SubmissionFactory(done=True), SubmissionFactory(failed=True)
    reviewer_client.get(LIST)
    reviewer_client.get(LIST, {"status__exact": "failed"})
    reviewer_client.get(LIST, {"status__exact": "queued"})  # this list shows nothing
    assert [len(keys) for keys in AuditEntry.objects.values_list("listed", flat=True)] == [1, 2]


def test_a_list_is_found_by_the_key_of_what_is_on_it(reviewer_client, superuser, login):
    submission = SubmissionFactory(done=True)
    reviewer_client.get(LIST)
    path = reverse("admin:classifier_auditentry_changelist")
    found = login(superuser).get(path, {"q": str(submission.pk)}).context["cl"].result_list
    assert [entry.listed for entry in found] == [[str(submission.pk)]]


@pytest.mark.parametrize("name", ["result_image", "result_thumbnail", "result_heat_map"])
def test_a_look_at_a_file_that_is_gone_is_none(name, reviewer_client, media):
    submission = SubmissionFactory(done=True)  # it has no heat map
    for file in (submission.image, submission.thumbnail):
        (media / file.name).unlink()
    assert reviewer_client.get(reverse(name, args=[submission.pk])).status_code == 404
    assert told() == []


def test_a_page_that_is_refused_is_no_look(reviewer, reviewer_client, superuser, login, submission):
    path = reverse("admin:classifier_submission_delete", args=[submission.pk])
    assert reviewer_client.get(path).status_code == 403
    assert told() == []
    assert login(superuser).get(path).status_code == 200
    assert told() == [(superuser.pk, "saw", "submission", str(submission.pk))]


def test_a_look_that_could_not_be_recorded_is_recorded_the_next_time(
    reviewer_client, submission, monkeypatch, refuse
):
    path = reverse("result", args=[submission.pk])
    create = AuditEntry.objects.create
    refuse()
    with pytest.raises(DatabaseError):
        reviewer_client.get(path)
    monkeypatch.setattr(AuditEntry.objects, "create", create)
    reviewer_client.get(path)
    assert len(told()) == 1


def test_an_entry_names_its_request(owner):
    with bound_contextvars(request_id="1f0c"):
        record_action(action=AuditEntry.Action.SAW, subject=owner, actor=None)
    assert AuditEntry.objects.get().request_id == "1f0c"


def test_superusers_read_it_and_cannot_write(superuser, login, entry):
    client, path = login(superuser), reverse("admin:classifier_auditentry_changelist")
    text = visible_text(client.get(path, {"q": entry.subject_key}).content)
    assert "Exported" in text
    assert (
        client.post(reverse("admin:classifier_auditentry_delete", args=[entry.pk])).status_code
        == 403
    )
    assert client.get(reverse("admin:classifier_auditentry_add")).status_code == 403
    assert "audit" not in client.get(path).content.decode().partition('name="action"')[2]


def test_reviewers_do_not_read_it(reviewer_client, entry):
    assert reviewer_client.get(reverse("admin:classifier_auditentry_changelist")).status_code == 403
