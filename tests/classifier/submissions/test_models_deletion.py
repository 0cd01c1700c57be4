"""A deleted submission is gone, with its rows, its files and what was said about it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import ProtectedError

from classifier.models import Prediction, Review, Submission, User
from classifier.services.submissions.delete import delete_submission
from tests.factories import ModelVersionFactory, PredictionFactory, ReviewFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission():
    """Return a submission that two model versions have judged and two clinicians reviewed."""
    submission = ReviewFactory().submission
    ReviewFactory(submission=submission, comment="Border irregular.")
    PredictionFactory(submission=submission, model_version=ModelVersionFactory(version="0.0.2"))
    return submission


def rows_left() -> dict[str, int]:
    models = [Submission, Prediction, Review, Review.history.model]
    return {model.__name__: count for model in models if (count := model.objects.count())}


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Return a context that commits, as files are deleted once nothing can bring the row back."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.mark.parametrize(
    ("state", "files"),
    [
        ({}, 2),
        ({"running": True}, 2),
        ({"failed": True}, 2),
        ({"rejected": True}, 2),
        ({"done": True}, 2),
        ({"done__explained": True}, 3),
    ],
)
def test_deleting_a_submission_of_any_state(state, files, committed, stored_files):
    submission = SubmissionFactory(**state)
    assert len(stored_files()) == files
    with committed():
        delete_submission(submission, actor=None)
    assert stored_files() == []
    assert rows_left() == {}


def test_deleting_takes_predictions_reviews_and_their_history_along(
    submission, committed, stored_files
):
    other = SubmissionFactory(done=True)
    with committed():
        delete_submission(submission, actor=None)
    assert rows_left() == {"Submission": 1, "Prediction": 1}
    assert {path.name for path in stored_files()} == {
        file.name.rpartition("/")[2] for file in (other.image, other.thumbnail)
    }
    connection.check_constraints()


def test_deleting_a_user_deletes_all_they_sent(submission, committed, stored_files):
    SubmissionFactory(owner=submission.owner, failed=True)
    with committed():
        submission.owner.delete()
    assert stored_files() == []
    assert rows_left() == {}
    assert not User.objects.filter(pk=submission.owner_id).exists()
    connection.check_constraints()


def test_deleting_many_at_once(committed, stored_files):
    SubmissionFactory.create_batch(3, done=True)
    with committed():
        Submission.objects.all().delete()
    assert stored_files() == []
    assert rows_left() == {}


def test_files_stay_until_the_commit(stored_files, django_capture_on_commit_callbacks):
    submission = SubmissionFactory()
    with django_capture_on_commit_callbacks():
        delete_submission(submission, actor=None)
    assert len(stored_files()) == 2


def test_a_reviewer_who_has_reviewed_cannot_be_deleted(submission):
    with pytest.raises(ProtectedError):
        submission.reviews.first().reviewer.delete()


def test_a_file_that_is_gone_already_does_not_stop_a_deletion(committed, media):
    submission = SubmissionFactory(done=True)
    (media / submission.image.name).unlink()
    with committed():
        delete_submission(submission, actor=None)
    assert rows_left() == {}
