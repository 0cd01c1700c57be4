"""A clinician requeues or overrules several submissions at once, from the list in the admin."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.markup import visible_text
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:classifier_submission_changelist")


def run_action(client, name: str, *chosen: Model, query: str = "") -> str:
    model = chosen[0]._meta
    path = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    fields = {"action": name, "_selected_action": [row.pk for row in chosen]}
    return visible_text(client.post(path + query, fields, follow=True).content)


@pytest.mark.parametrize("query", ["", "?status__exact=failed"])
def test_requeueing_sends_what_failed_again(
    reviewer_client, sent, query, django_capture_on_commit_callbacks
):
    failed = SubmissionFactory.create_batch(2, failed=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert "2 of 2 queued." in run_action(reviewer_client, "requeue", *failed, query=query)
    assert set(sent) == {str(submission.pk) for submission in failed}
    assert {s.status for s in Submission.objects.filter(pk__in=sent)} == {Status.QUEUED}


def test_requeue_leaves_alone_what_is_under_way(reviewer_client, sent):
    done = SubmissionFactory(done=True)
    chosen = [done, SubmissionFactory(), SubmissionFactory(running=True)]
    assert "1 of 3 queued." in run_action(reviewer_client, "requeue", *chosen)
    assert Submission.objects.get(pk=done.pk).status == Status.QUEUED
    assert sent == []  # nothing was committed


def test_a_rejection_is_overruled_and_the_log_says_by_whom(
    reviewer_client, reviewer, sent, django_capture_on_commit_callbacks
):
    rejected = SubmissionFactory(rejected=True)
    with django_capture_on_commit_callbacks(execute=True):
        answer = run_action(reviewer_client, "overrule", rejected, SubmissionFactory(done=True))
    assert "1 of 2 queued; only rejected pictures can be overruled." in answer
    assert sent == [str(rejected.pk)]
    queued = Submission.objects.get(pk=rejected.pk)
    assert (queued.status, queued.overruled_by) == (Status.QUEUED, reviewer)
    entry = LogEntry.objects.get(object_id=str(rejected.pk))
    assert (entry.user, entry.change_message) == (
        reviewer,
        "Overruled the rejection of the picture.",
    )


def test_a_reviewer_has_no_action_that_deletes(reviewer_client):
    waiting = SubmissionFactory()
    html = reviewer_client.get(LIST).content.decode()
    offered = set(re.findall(r'<option value="(\w+)"', html))
    assert offered & {"delete_selected", "requeue", "overrule"} == {"requeue", "overrule"}
    run_action(reviewer_client, "delete_selected", waiting)
    assert Submission.objects.filter(pk=waiting.pk).exists()
