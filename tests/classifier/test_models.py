"""The database itself refuses wrong rows, and queries for submissions mean what they say."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone

from classifier.models import ImageType, ModelVersion, Prediction, Review, Status, Submission, User
from classifier.models.submission import image_path
from ml.taxonomy import IMAGE_TYPES
from tests.factories import (
    PASSWORD,
    ModelVersionFactory,
    PredictionFactory,
    ReviewFactory,
    SubmissionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def refuses():
    """Return a context in which the database must refuse what is done."""

    def context(message: str):
        return pytest.raises(IntegrityError, match=message)

    with transaction.atomic():
        yield context
        transaction.set_rollback(True)


def test_the_site_knows_the_same_image_types_as_the_networks():
    assert tuple(kind.value for kind in ImageType) == IMAGE_TYPES


def test_an_image_type_that_there_is_not_is_refused(refuses):
    with refuses("submission_image_type_known"):
        SubmissionFactory(image_type="painting")


def test_a_kind_that_no_network_judges_as_is_refused(refuses):
    with refuses("prediction_judged_as"):
        PredictionFactory(judged_as="other")


def test_done_without_a_prediction_is_refused(refuses):
    submission = SubmissionFactory()
    with refuses("submission_done_has_prediction"):
        Submission.objects.filter(pk=submission.pk).update(status=Status.DONE)


def test_failed_without_a_reason_is_refused(refuses):
    submission = SubmissionFactory()
    with refuses("submission_failed_has_reason"):
        Submission.objects.filter(pk=submission.pk).update(status=Status.FAILED)


@pytest.mark.parametrize(
    "given",
    [{}, {"rejection": "blurred"}, {"rejection_values": {}}, {"rejection_reason": "Blurred."}],
)
def test_rejected_without_a_reason_is_refused(refuses, given):
    submission = SubmissionFactory()
    with refuses("submission_rejected_has_reason"):
        Submission.objects.filter(pk=submission.pk).update(status=Status.REJECTED, **given)


def test_two_submissions_of_one_upload_are_refused(refuses):
    key = uuid4()
    known = SubmissionFactory(upload_key=key)
    SubmissionFactory(upload_key=key)
    SubmissionFactory.create_batch(2, owner=known.owner)
    with refuses("UNIQUE"):
        SubmissionFactory(owner=known.owner, upload_key=key)


@pytest.mark.parametrize("scale", [0, -1.5])
def test_a_scale_that_is_none_is_refused(refuses, scale):
    with refuses("pixels_per_mm"):
        SubmissionFactory(pixels_per_mm=scale)


def test_a_status_of_no_meaning_is_refused(refuses):
    submission = SubmissionFactory()
    with refuses("submission_status"):
        Submission.objects.filter(pk=submission.pk).update(status="lost")


@pytest.mark.parametrize("field", ["malignant_probability", "confidence"])
@pytest.mark.parametrize("value", [-0.001, 1.001, float("inf"), float("nan")])
def test_a_probability_out_of_range_is_refused(refuses, field, value):
    prediction = PredictionFactory()
    with refuses(field):
        Prediction.objects.filter(pk=prediction.pk).update(**{field: value})


@pytest.mark.parametrize("value", [0, 1])
def test_the_ends_of_the_range_are_probabilities(value):
    PredictionFactory(malignant_probability=value, confidence=1)


def test_a_verdict_of_no_meaning_is_refused(refuses):
    with refuses("prediction_verdict"):
        PredictionFactory(verdict="unclear")


def test_a_second_prediction_of_the_same_model_version_is_refused(refuses):
    prediction = PredictionFactory()
    PredictionFactory(
        submission=prediction.submission, model_version=ModelVersionFactory(version="0.0.2")
    )
    with refuses("UNIQUE"):
        PredictionFactory(submission=prediction.submission, model_version=prediction.model_version)


def test_a_second_active_model_is_refused(refuses):
    ModelVersionFactory(is_active=True)
    ModelVersionFactory(version="0.0.2")
    ModelVersionFactory(version="0.0.3")
    with refuses("UNIQUE"):
        ModelVersion.objects.filter(version="0.0.2").update(is_active=True)


def test_a_second_row_of_one_model_version_is_refused(refuses):
    known = ModelVersionFactory()
    with refuses("UNIQUE"):
        ModelVersion.objects.create(
            name=known.name, version=known.version, classes=[], malignant_classes=[], threshold=0
        )


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_threshold_out_of_range_is_refused(refuses, threshold):
    with refuses("model_version_threshold"):
        ModelVersionFactory(threshold=threshold)


def test_a_second_review_by_one_reviewer_is_refused(refuses):
    review = ReviewFactory()
    ReviewFactory(submission=review.submission)
    with refuses("UNIQUE"):
        ReviewFactory(submission=review.submission, reviewer=review.reviewer)


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.ORG", "Ada@example.org"])
def test_an_address_that_differs_only_in_case_is_refused(refuses, email):
    UserFactory(email="ada@example.org")
    with refuses("UNIQUE"):
        UserFactory(email=email)


def test_users_are_known_by_their_address():
    user = User.objects.create_user("Ada@Example.ORG", PASSWORD)
    assert user.email == "ada@example.org"
    assert user.check_password(PASSWORD)
    assert str(user) == user.email
    assert User.objects.get_by_natural_key("aDA@eXAMPLE.org") == user
    assert not user.is_staff
    assert User.objects.create_superuser("root@example.org", PASSWORD).is_superuser
    with pytest.raises(ValueError, match="e-mail address"):
        User.objects.create_user("")


def test_the_shown_prediction_cannot_be_taken_away():
    submission = SubmissionFactory(done=True)
    with pytest.raises(RestrictedError):
        submission.prediction.delete()


def test_a_model_version_that_has_judged_cannot_be_deleted():
    prediction = PredictionFactory()
    with pytest.raises(ProtectedError):
        prediction.model_version.delete()


def test_the_name_of_a_stored_file_tells_nothing():
    owner = UserFactory(email="grace@example.org")
    submission = SubmissionFactory(owner=owner, original_name="grace-left-arm.jpg")
    for file in (submission.image, submission.thumbnail):
        assert "grace" not in file.name
        assert str(submission.pk) not in file.name
        assert file.name.endswith(".jpg")
    assert submission.image.name != submission.thumbnail.name
    assert len({image_path(submission, "image.png") for _ in range(20)}) == 20


def test_stored_files_are_readable_by_the_site_alone(media):
    submission = SubmissionFactory()
    path = media / submission.image.name
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_person_sees_their_own_and_a_reviewer_everything(
    owner, other, reviewer, staff, superuser
):
    mine, theirs = SubmissionFactory(owner=owner), SubmissionFactory(owner=other)
    everything = {mine, theirs}
    objects = Submission.objects
    assert set(objects.owned_by(owner)) == set(objects.visible_to(owner)) == {mine}
    assert set(objects.visible_to(reviewer)) == set(objects.visible_to(superuser)) == everything
    assert set(objects.visible_to(staff)) == set()
    assert set(objects.owned_by(reviewer)) == set(objects.owned_by(superuser)) == set()
    anonymous = AnonymousUser()
    assert set(objects.visible_to(anonymous)) == set(objects.owned_by(anonymous)) == set()


@pytest.mark.parametrize("field", ["is_staff", "is_active"])
def test_a_former_reviewer_sees_nothing(reviewer, field):
    SubmissionFactory()
    User.objects.filter(pk=reviewer.pk).update(**{field: False})
    assert not Submission.objects.visible_to(User.objects.get(pk=reviewer.pk)).exists()


def test_named_queries_find_what_is_lost_and_what_awaits_a_review():
    now = timezone.now()
    past, moment = now - timedelta(minutes=5), now - timedelta(minutes=1)
    queued = SubmissionFactory(sent_at=past)
    running = SubmissionFactory(running=True, started_at=past)
    SubmissionFactory(), SubmissionFactory(running=True)
    done = SubmissionFactory(done=True)
    SubmissionFactory(failed=True), ReviewFactory()
    objects = Submission.objects
    assert set(objects.message_lost(moment)) == {queued}
    assert set(objects.worker_lost(moment)) == {running}
    assert set(objects.awaiting_review()) == {done}


@pytest.mark.parametrize(
    ("submission", "finished"),
    [
        ({}, False),
        ({"running": True}, False),
        ({"failed": True}, True),
        ({"rejected": True}, True),
        ({"done": True}, True),
    ],
)
def test_finished_means_done_rejected_or_failed(submission, finished):
    row = SubmissionFactory(**submission)
    assert row.is_finished is finished
    assert row.is_done is bool(submission.get("done"))
    assert row.is_failed is bool(submission.get("failed"))


def test_rows_have_names_for_the_admin():
    review = ReviewFactory(diagnosis=Review.Diagnosis.UNCLEAR)
    assert str(review) == "Cannot be told from this picture"
    assert str(review.submission) == str(review.submission.pk)
    assert str(review.submission.prediction) == "Malignant (87.3 %)"
    assert str(ModelVersionFactory()) == "seven-stage 0.0.1"
