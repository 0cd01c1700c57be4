"""These factories make rows in every state."""

from __future__ import annotations

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from classifier.models import (
    Failure,
    ModelVersion,
    Prediction,
    Review,
    Status,
    Submission,
    User,
)
from tests import PASSWORD
from tests.lesions import picture


def _diagnoses():
    """Return the seven diagnoses that earlier networks answer with."""
    # This is not imported above, because a test checks with rows made here that the web process
    # does not load `ml`.
    from ml.taxonomy import DIAGNOSES, SEVEN_CODES

    return [diagnosis for diagnosis in DIAGNOSES if diagnosis.code in SEVEN_CODES]


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    password = factory.django.Password(PASSWORD)

    class Params:
        admin = factory.Trait(is_staff=True, is_superuser=True)


class ModelVersionFactory(DjangoModelFactory):
    class Meta:
        model = ModelVersion
        django_get_or_create = ("name", "version")

    name = "seven-stage"
    version = "0.0.1"
    architecture = "seven_stage"
    sha256 = "0" * 64
    classes = ["benign", "malignant"]
    malignant_classes = ["malignant"]
    threshold = 0.5

    class Params:
        seven = factory.Trait(
            name="lesion-net",
            architecture="efficientnet_lite0",
            classes=factory.LazyFunction(lambda: [d.code for d in _diagnoses()]),
            malignant_classes=factory.LazyFunction(
                lambda: [d.code for d in _diagnoses() if d.malignant]
            ),
            operating_point={"sensitivity": 0.9, "threshold": 0.3, "pictures": 100},
        )


class SubmissionFactory(DjangoModelFactory):
    """This makes waiting submissions, unless a trait says otherwise.

    The traits are ``running``, ``done``, ``rejected`` and ``failed``.
    """

    class Meta:
        model = Submission
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    original_name = "mole.jpg"
    image = factory.LazyFunction(lambda: ContentFile(picture(), name="image.jpg"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(picture(), name="thumbnail.jpg"))
    width, height = 160, 120
    sent_at = factory.LazyFunction(timezone.now)

    class Params:
        running = factory.Trait(
            status=Status.RUNNING, attempts=1, started_at=factory.LazyFunction(timezone.now)
        )
        rejected = factory.Trait(
            status=Status.REJECTED,
            attempts=1,
            rejection="blurred",
            rejection_values={},
            failure_detail="edges=0.001",
            finished_at=factory.LazyFunction(timezone.now),
        )
        failed = factory.Trait(
            status=Status.FAILED,
            attempts=3,
            failure=Failure.UNREADABLE,
            finished_at=factory.LazyFunction(timezone.now),
        )

    @factory.post_generation
    def done(self, create, extracted, **kwargs):
        """Add a prediction, for ``done=True`` or for fields as in ``done__verdict="benign"``."""
        if extracted or kwargs:
            self.prediction = PredictionFactory(submission=self, **kwargs)
            self.status, self.attempts, self.finished_at = Status.DONE, 1, timezone.now()
            self.save()


class PredictionFactory(DjangoModelFactory):
    class Meta:
        model = Prediction

    submission = factory.SubFactory(SubmissionFactory)
    model_version = factory.SubFactory(ModelVersionFactory)
    malignant_probability = 0.873
    verdict = factory.LazyAttribute(
        lambda p: "malignant" if p.malignant_probability >= 0.5 else "benign"
    )
    confidence = factory.LazyAttribute(
        lambda p: max(p.malignant_probability, 1 - p.malignant_probability)
    )
    probabilities = factory.LazyAttribute(
        lambda p: {"benign": 1 - p.malignant_probability, "malignant": p.malignant_probability}
    )
    inference_ms = 17.4

    class Params:
        #: This trait adds all that explains a prediction.
        explained = factory.Trait(
            heat_map=factory.LazyFunction(lambda: ContentFile(picture("png"), name="map.png")),
            heat_inside=0.625,
            abcd={
                "asymmetry": [0.04, 0.125],
                "border": 1.234,
                "colours": ["red", "light brown"],
                "diameter": 84.0,
            },
            outline=[[40, 30], [120, 30], [80, 90]],
            coverage=0.9,
            possible=factory.LazyAttribute(lambda p: [p.verdict]),
        )


class ReviewFactory(DjangoModelFactory):
    class Meta:
        model = Review

    submission = factory.SubFactory(SubmissionFactory, done=True)
    reviewer = factory.SubFactory(UserFactory)
    diagnosis = Review.Diagnosis.BENIGN
    comment = "A regular network."
