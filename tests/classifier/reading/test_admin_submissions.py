"""A clinician reads and reviews submissions in the admin, and an operator works there too."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from classifier.models import Prediction, Review, Submission, User
from tests.classifier.markup import visible_text
from tests.classifier.reading.test_admin_actions import LIST
from tests.factories import (
    ModelVersionFactory,
    PredictionFactory,
    ReviewFactory,
    SubmissionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def change(submission: Submission) -> str:
    return reverse("admin:classifier_submission_change", args=[submission.pk])


@pytest.fixture
def listed(reviewer_client):
    """Return the submissions that the list shows for a query."""

    def keys(**query: object) -> set[Submission]:
        answer = reviewer_client.get(LIST, query)
        assert answer.status_code == 200
        return set(answer.context["cl"].queryset)

    return keys


@pytest.fixture
def rows() -> dict[str, Submission]:
    ada = UserFactory(email="ada@example.org")
    newer = ModelVersionFactory(version="0.0.2")
    reviewed = SubmissionFactory(done__malignant_probability=0.2, done__model_version=newer)
    ReviewFactory.create_batch(2, submission=reviewed)
    return {
        "malignant": SubmissionFactory(owner=ada, original_name="left-arm.jpg", done=True),
        "reviewed": reviewed,
        "queued": SubmissionFactory(),
        "failed": SubmissionFactory(failed=True),
    }


def test_the_list_shows_what_matters(reviewer_client, rows):
    html = reviewer_client.get(LIST).content.decode()
    text = visible_text(html)
    for words in ("ada@example.org", "Malignant", "87.3 %", "seven-stage 0.0.1", "Done", "Benign"):
        assert words in text
    for submission in rows.values():
        assert f'<img src="{reverse("result_thumbnail", args=[submission.pk])}"' in html
        assert submission.get_status_display() in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"malignant", "reviewed", "queued", "failed"}),
        ({"status__exact": "queued"}, {"queued"}),
        ({"prediction__verdict__exact": "malignant"}, {"malignant"}),
        ({"prediction__verdict__exact": "benign"}, {"reviewed"}),
        ({"review": "awaiting"}, {"malignant"}),
        ({"review": "reviewed"}, {"reviewed"}),
        ({"q": "ADA@example"}, {"malignant"}),
        ({"q": "left-arm"}, {"malignant"}),
        ({"q": "nobody"}, set()),
    ],
)
def test_filters_and_search_list_what_they_name(listed, rows, query, expected):
    assert listed(**query) == {rows[name] for name in expected}


def test_filtering_by_model_version_lists_its_results(listed, rows):
    newer = rows["reviewed"].prediction.model_version
    assert listed(prediction__model_version__id__exact=newer.pk) == {rows["reviewed"]}


def test_searching_by_key_lists_that_submission(listed, rows):
    assert listed(q=str(rows["queued"].pk)) == {rows["queued"]}


@pytest.mark.parametrize("query", [{}, {"review": "reviewed"}, {"q": "example.org"}])
def test_reviews_are_counted_once(reviewer_client, rows, query):
    changelist = reviewer_client.get(LIST, query).context["cl"]
    (row,) = [row for row in changelist.result_list if row == rows["reviewed"]]
    assert changelist.model_admin.review_count(row) == 2


@pytest.mark.parametrize("column", range(1, 9))
def test_every_column_can_be_sorted_by_or_not(listed, rows, column):
    assert listed(o=column) == listed(o=-column) == set(rows.values())


def test_the_page_of_one_shows_picture_probabilities_and_reviews(reviewer_client, rows):
    submission = rows["malignant"]
    second = ModelVersionFactory(version="0.0.3")
    PredictionFactory(submission=submission, model_version=second, malignant_probability=0.25)
    review = ReviewFactory(submission=submission, diagnosis="unclear", comment="<b>Blurred</b>")
    html = reviewer_client.get(change(submission)).content.decode()
    text = visible_text(html)
    assert f'src="{reverse("result_image", args=[submission.pk])}"' in html
    for words in ("left-arm.jpg", "160 x 120", "seven-stage 0.0.1", "seven-stage 0.0.3"):
        assert words in text
    for words in ("87.3", "12.7", "75", "25", "Malignant", "Benign"):
        assert words in text
    assert "Cannot be told from this picture" in text
    assert review.reviewer.email in text
    assert "<b>Blurred</b>" not in html


def test_only_the_review_can_be_changed(reviewer_client, rows):
    html = reviewer_client.get(change(rows["malignant"])).content.decode()
    form = html[html.index('id="submission_form"') :]
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', form))
    buttons = {"_save", "_continue"}
    hidden = {name for name in names if name.startswith(("predictions-", "csrf"))}
    assert names - buttons - hidden == {"diagnosis", "comment"}
    # These fields tell Django which rows it showed.
    management = {"TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS"}
    management |= {"0-id", "0-submission"}
    assert {n.removeprefix("predictions-") for n in hidden if "predictions" in n} <= management


@pytest.fixture
def save(reviewer_client):
    """Return a function that sends the form of a submission's page."""

    def sent(submission: Submission, client=reviewer_client, **fields: str):
        empty = {f"predictions-{n}_FORMS": "0" for n in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
        return client.post(change(submission), empty | fields, follow=True)

    return sent


def test_a_review_is_recorded_changed_and_its_history_kept(save, reviewer_client, reviewer, rows):
    submission = rows["malignant"]
    save(submission, diagnosis="unclear", comment="Out of focus.")
    review = Review.objects.get(reviewer=reviewer)
    assert (review.submission, review.diagnosis) == (submission, "unclear")
    html = reviewer_client.get(change(submission)).content.decode()
    assert '<option value="unclear" selected>' in html
    assert "Out of focus.</textarea>" in html

    save(submission, diagnosis="benign", comment="A second look.")
    review = Review.objects.get(reviewer=reviewer)
    assert (review.diagnosis, review.comment) == ("benign", "A second look.")
    history = review.history.all()
    assert [entry.diagnosis for entry in history] == ["benign", "unclear"]
    assert {entry.history_user for entry in history} == {reviewer}
    page = reviewer_client.get(reverse("admin:classifier_review_history", args=[review.pk]))
    assert "Out of focus." in visible_text(page.content)


def test_every_reviewer_changes_their_own(save, login, reviewer, rows):
    submission = rows["reviewed"]
    others = set(submission.reviews.values_list("reviewer", "diagnosis", "comment"))
    save(submission, diagnosis="malignant", comment="")
    now = set(submission.reviews.values_list("reviewer", "diagnosis", "comment"))
    assert now == others | {(reviewer.pk, "malignant", "")}


@pytest.mark.parametrize(
    "fields",
    [{"diagnosis": "", "comment": "Nice."}, {"diagnosis": "cancer", "comment": ""}],
)
def test_what_is_no_review_is_refused(save, rows, fields):
    before = Review.objects.count()
    assert "errorlist" in save(rows["malignant"], **fields).content.decode()
    assert Review.objects.count() == before


def test_saving_without_a_review_records_none(save, rows):
    before = Review.objects.count()
    save(rows["malignant"], diagnosis="", comment="")
    assert Review.objects.count() == before


def test_a_review_is_not_dropped_without_a_word(save, reviewer, rows):
    submission = rows["malignant"]
    save(submission, diagnosis="benign", comment="")
    answer = save(submission, diagnosis="", comment="")
    assert "errorlist" in answer.content.decode()
    assert Review.objects.get(reviewer=reviewer).diagnosis == "benign"


def test_the_submission_itself_cannot_be_changed(save, rows):
    submission = rows["malignant"]
    before = Submission.objects.values().get(pk=submission.pk)
    predictions = list(Prediction.objects.order_by("pk").values())
    save(
        submission,
        diagnosis="benign",
        comment="",
        status="failed",
        owner=str(rows["queued"].owner_id),
        original_name="other.jpg",
        **{"predictions-0-id": str(submission.prediction_id), "predictions-0-verdict": "benign"},
        **{"predictions-TOTAL_FORMS": "1", "predictions-INITIAL_FORMS": "1"},
    )
    assert Submission.objects.values().get(pk=submission.pk) == before
    assert list(Prediction.objects.order_by("pk").values()) == predictions


@pytest.mark.parametrize("page", ["change", "simple_history"])
@pytest.mark.parametrize("role", ["reviewer", "superuser"])
def test_reviews_are_read_only_on_their_own_pages(page, role, browsers, rows):
    review = rows["reviewed"].reviews.first()
    first = review.history.get()
    review.comment = "Changed by its reviewer."
    review.save()
    before = Review.objects.values().get(pk=review.pk)
    args = [review.pk] if page == "change" else [review.pk, first.pk]
    path = reverse(f"admin:classifier_review_{page}", args=args)
    forged = {"diagnosis": "malignant", "comment": "forged", "reviewer": review.reviewer_id}
    for fields in ({}, forged | {"submission": str(review.submission_id)}):
        browsers[role].post(path, fields)
        assert Review.objects.values().get(pk=review.pk) == before
    assert review.history.count() == 2


def test_a_rejected_picture_is_listed_with_its_reason(reviewer_client):
    rejected = SubmissionFactory(rejected=True)
    listed = visible_text(reviewer_client.get(LIST + "?status__exact=rejected").content)
    assert "Rejected" in listed
    text = visible_text(reviewer_client.get(change(rejected)).content)
    assert "blurred" in text
    assert rejected.rejection_sentence in text
    assert rejected.failure_detail in text


def test_a_picture_that_failed_is_shown_with_code_and_sentence(reviewer_client):
    failed = SubmissionFactory(failed=True)
    text = visible_text(reviewer_client.get(change(failed)).content)
    assert "unreadable" in text
    assert failed.failure_sentence in text


@pytest.mark.parametrize("row", ["malignant", "reviewed", "queued", "failed"])
def test_a_superuser_deletes_a_submission_with_all_that_belongs_to_it(
    row, superuser, login, rows, stored_files, django_capture_on_commit_callbacks
):
    path = reverse("admin:classifier_submission_delete", args=[rows[row].pk])
    before = len(stored_files())
    with django_capture_on_commit_callbacks(execute=True):
        login(superuser).post(path, {"post": "yes"})
    assert not Submission.objects.filter(pk=rows[row].pk).exists()
    assert len(stored_files()) == before - 2


def test_a_superuser_deletes_a_person_with_all_that_they_sent(superuser, login, rows):
    person = rows["reviewed"].owner
    path = reverse("admin:classifier_user_delete", args=[person.pk])
    login(superuser).post(path, {"post": "yes"})
    assert not User.objects.filter(pk=person.pk).exists()
    assert not Submission.objects.filter(pk=rows["reviewed"].pk).exists()


def test_somebody_without_the_permission_sees_nothing(staff, login, rows):
    text = visible_text(login(staff).get(reverse("admin:index")).content)
    assert "permission to view or edit anything." in text
    assert login(staff).get(LIST).status_code == 403
    assert login(staff).get(change(rows["malignant"])).status_code == 403
