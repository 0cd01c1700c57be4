"""Each clinician has one judgement of a submission, and all that they said before is kept."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from classifier.models import Review
from classifier.services.reading.review import record_review
from tests.factories import SubmissionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission():
    return SubmissionFactory(done=True)


def test_a_review_is_recorded(submission, reviewer):
    recorded = record_review(
        submission=submission, reviewer=reviewer, diagnosis="malignant", comment="Blue veil."
    )
    assert Review.objects.get() == recorded
    assert (recorded.diagnosis, recorded.comment) == ("malignant", "Blue veil.")
    assert (recorded.submission, recorded.reviewer) == (submission, reviewer)


def test_a_change_keeps_one_row_and_what_was_said_before(submission, reviewer):
    for diagnosis, comment in [("unclear", "Out of focus."), ("benign", "A second look.")]:
        record_review(
            submission=submission, reviewer=reviewer, diagnosis=diagnosis, comment=comment
        )
    recorded = Review.objects.get()
    assert (recorded.diagnosis, recorded.comment) == ("benign", "A second look.")
    assert [(entry.diagnosis, entry.comment) for entry in recorded.history.all()] == [
        ("benign", "A second look."),
        ("unclear", "Out of focus."),
    ]


def test_every_reviewer_has_their_own(submission, reviewer, superuser):
    for person, diagnosis in [(reviewer, "benign"), (superuser, "malignant")]:
        record_review(submission=submission, reviewer=person, diagnosis=diagnosis, comment="")
    assert {(r.reviewer, r.diagnosis) for r in submission.reviews.all()} == {
        (reviewer, "benign"),
        (superuser, "malignant"),
    }


@pytest.mark.parametrize("who", ["owner", "staff", "former"])
def test_nobody_else_may(submission, staff, reviewer, who):
    people = {"owner": submission.owner, "staff": staff, "former": UserFactory(is_staff=True)}
    with pytest.raises(PermissionDenied):
        record_review(submission=submission, reviewer=people[who], diagnosis="benign", comment="")
    assert not Review.objects.exists()


@pytest.mark.parametrize("diagnosis", ["", "cancer", "Benign"])
def test_a_review_with_an_unknown_diagnosis_is_refused(submission, reviewer, diagnosis):
    with pytest.raises(ValidationError):
        record_review(submission=submission, reviewer=reviewer, diagnosis=diagnosis, comment="")
    assert not Review.objects.exists()
