"""A reviewer sees another's review but starts with an empty one, and nobody edits predictions."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from classifier.models import Prediction, Review, Submission
from tests.classifier.markup import visible_text
from tests.factories import ReviewFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


def form_of(client, submission: Submission) -> tuple[str, str]:
    """Return the diagnosis and the comment that the review form shows."""
    path = reverse("admin:classifier_submission_change", args=[submission.pk])
    html = client.get(path).content.decode()
    diagnosis = re.search(r'<select name="diagnosis".*?</select>', html, re.S)[0]
    comment = re.search(r'<textarea name="comment"[^>]*>(.*?)</textarea>', html, re.S)[1]
    return re.search(r'<option value="(\w*)" selected', diagnosis)[1], comment.strip()


def test_the_review_of_another_is_shown_but_not_filled_in(reviewer, login):
    review = ReviewFactory(diagnosis="malignant", comment="Blue-white veil.")
    browser = login(reviewer)
    assert form_of(browser, review.submission) == ("", "")
    path = reverse("admin:classifier_submission_change", args=[review.submission_id])
    assert "Blue-white veil." in visible_text(browser.get(path).content)


def test_everybody_finds_their_own_review_filled_in(reviewer, superuser, login):
    submission = SubmissionFactory(done=True)
    ReviewFactory(submission=submission, reviewer=reviewer, diagnosis="unclear", comment="Blurred.")
    ReviewFactory(submission=submission, reviewer=superuser, diagnosis="benign", comment="Regular.")
    assert form_of(login(reviewer), submission) == ("unclear", "Blurred.")
    assert form_of(login(superuser), submission) == ("benign", "Regular.")


def test_a_review_of_another_submission_is_not_filled_in(reviewer, login):
    ReviewFactory(reviewer=reviewer, diagnosis="malignant", comment="Blue-white veil.")
    assert form_of(login(reviewer), SubmissionFactory(done=True)) == ("", "")


def test_saving_the_page_as_it_was_shown_takes_nothing_from_another(reviewer, login):
    review = ReviewFactory(diagnosis="malignant", comment="Blue-white veil.")
    browser = login(reviewer)
    diagnosis, comment = form_of(browser, review.submission)
    fields = {f"predictions-{n}_FORMS": "0" for n in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    path = reverse("admin:classifier_submission_change", args=[review.submission_id])
    answer = browser.post(path, fields | {"diagnosis": diagnosis, "comment": comment})
    assert answer.status_code == 302
    assert list(Review.objects.values_list("reviewer", "diagnosis")) == [
        (review.reviewer_id, "malignant")
    ]


def test_predictions_have_no_pages_of_their_own(superuser, login):
    assert not admin.site.is_registered(Prediction)
    assert login(superuser).get("/admin/classifier/prediction/").status_code == 404


@pytest.mark.parametrize("role", ["reviewer", "superuser"])
def test_nobody_removes_or_adds_a_prediction(role, browsers):
    submission = SubmissionFactory(done=True)
    before = list(Prediction.objects.values())
    path = reverse("admin:classifier_submission_change", args=[submission.pk])
    forged = {
        "predictions-TOTAL_FORMS": "2",
        "predictions-INITIAL_FORMS": "1",
        "predictions-0-id": str(submission.prediction_id),
        "predictions-0-submission": str(submission.pk),
        "predictions-0-DELETE": "on",
        "predictions-1-submission": str(submission.pk),
        "predictions-1-verdict": "benign",
        "predictions-1-malignant_probability": "0",
    }
    answer = browsers[role].post(path, forged | {"diagnosis": "benign", "comment": ""})
    assert answer.status_code == 302
    assert list(Prediction.objects.values()) == before
    assert Review.objects.get().diagnosis == "benign"
