from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left
from django.utils import timezone

from classifier.models.model_version import LARGE_FIELDS
from classifier.models.observed import OBSERVED_FIELDS, Content, ImageType
from classifier.models.reason import Reason

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from classifier.models.user import User


class Status(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being analysed"
    DONE = "done", "Done"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"


#: In these states, a submission waits for nothing any more.
FINISHED = (Status.DONE, Status.REJECTED, Status.FAILED)

#: This permission lets a clinician see everybody's submissions and record reviews.
REVIEW_PERMISSION = "classifier.review_submission"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Selects submissions. It alone decides who may see which of them."""

    def owned_by(self, user: User | AnonymousUser) -> SubmissionQuerySet:
        """Return those that ``user`` sent in, and so may retry and delete."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def visible_to(self, user: User | AnonymousUser) -> SubmissionQuerySet:
        """Return those whose picture and result ``user`` may look at."""
        if user.is_active and user.is_staff and user.has_perm(REVIEW_PERMISSION):
            return self
        return self.owned_by(user)

    def finished(self) -> SubmissionQuerySet:
        """Return those that wait for nothing any more."""
        return self.filter(status__in=FINISHED)

    def awaiting_review(self) -> SubmissionQuerySet:
        """Return those with a result that no clinician has reviewed."""
        return self.filter(status=Status.DONE, reviews__isnull=True)

    def message_lost(self, sent_before: datetime) -> SubmissionQuerySet:
        """Return those that still wait for a message sent before ``sent_before``."""
        return self.filter(status=Status.QUEUED, sent_at__lt=sent_before)

    def worker_lost(self, started_before: datetime) -> SubmissionQuerySet:
        """Return those that run for longer than a worker is allowed to."""
        return self.filter(status=Status.RUNNING, started_at__lt=started_before)

    def with_result(self) -> SubmissionQuerySet:
        """Load the shown prediction and its model version in the same query.

        Large fields are left out.
        """
        large = (f"prediction__model_version__{field}" for field in LARGE_FIELDS)
        return self.select_related("prediction__model_version").defer(*large)


def image_path(submission: Submission, filename: str) -> str:
    """Return a name that says nothing of the picture or its owner, in one of 256 folders."""
    name = uuid.uuid4().hex
    extension = filename.rpartition(".")[2]
    return f"{name[:2]}/{name}.{extension}"


class Submission(Reason):
    """Keeps one picture that a person sent in, and says how far its analysis has come.

    ``status`` changes only through `classifier.services`. The row tells the truth, even where a
    Celery message says otherwise. ``attempts`` counts the claims by workers, and only the worker
    with the latest claim may finish.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions"
    )
    upload_key = models.UUIDField(
        "key of the upload",
        null=True,
        blank=True,
        editable=False,
        help_text="A repeat of the upload with the same key stores nothing new.",
    )
    original_name = models.CharField("name of the file sent in", max_length=255)
    image = models.FileField(upload_to=image_path)
    copy = models.FileField(
        "smaller copy",
        upload_to=image_path,
        blank=True,
        default="",
        db_default="",
        help_text="For pages; empty where the picture itself is small enough.",
    )
    thumbnail = models.FileField(upload_to=image_path)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    stored_bytes = models.PositiveIntegerField(
        "bytes of its files",
        default=0,
        db_default=0,
        editable=False,
        help_text="Of the picture, its smaller copy and its thumbnail.",
    )
    pixels_per_mm = models.FloatField(
        "pixels per millimetre",
        null=True,
        blank=True,
        help_text="Scale of the picture as it is kept, where the person who sent it in knew it.",
    )
    # Unknown is NULL and not "", which would look like one more way to take a picture.
    image_type = models.CharField(  # noqa: DJ001
        "how the picture was taken",
        max_length=16,
        choices=ImageType.choices,
        null=True,
        blank=True,
        help_text="Empty where the network could not tell.",
    )
    frame = models.JSONField(
        "what lies within the plain border",
        null=True,
        blank=True,
        help_text="Left, top, right, bottom in the picture's pixels; empty without border.",
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    prediction = models.ForeignKey(
        "classifier.Prediction",
        # The prediction is deleted along with the submission, and in no other way.
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The one of its predictions that is shown.",
    )
    overruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The clinician who had it analysed although it had been rejected.",
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    alone = models.BooleanField(
        "analysed by itself",
        default=False,
        db_default=False,
        help_text="Since an attempt at it ended in a surprise or took its worker down.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField("in the queue since", default=timezone.now)
    sent_at = models.DateTimeField("message last sent")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [("review_submission", "Can see all submissions and review them")]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="submission_history"),
            # The admin lists the newest; retention looks for the oldest.
            models.Index(fields=["-created_at", "-id"], name="submission_newest"),
            # Clinicians narrow the list of all submissions down by this field.
            models.Index(fields=["image_type", "-created_at", "-id"], name="submission_image_type"),
            # Operators look at what was finished lately, and at the latest failures.
            models.Index(fields=["status", "finished_at"], name="submission_finished"),
            # Workers take the submission that has waited longest.
            models.Index(
                fields=["queued_at"], condition=Q(status="queued"), name="submission_queue"
            ),
            # The upkeep asks for the files of one folder.
            models.Index(Left("image", 2), name="submission_image_folder"),
            models.Index(Left("copy", 2), name="submission_copy_folder"),
            models.Index(Left("thumbnail", 2), name="submission_thumbnail_folder"),
            models.Index(
                fields=["status", "sent_at"],
                condition=Q(status__in=["queued", "running"]),
                name="submission_unfinished",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "upload_key"],
                condition=Q(upload_key__isnull=False),
                name="submission_upload_key",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(prediction__isnull=False),
                name="submission_done_has_prediction",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure="") | ~Q(failure_reason=""),
                name="submission_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected")
                | (
                    ~Q(rejection="") & (Q(rejection_values__isnull=False) | ~Q(rejection_reason=""))
                ),
                name="submission_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(pixels_per_mm__isnull=True) | Q(pixels_per_mm__gt=0),
                name="submission_pixels_per_mm",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="submission_status"),
            models.CheckConstraint(
                condition=Q(image_type__isnull=True)
                | Q(image_type__in=[kind.value for kind in ImageType]),
                name="submission_image_type_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def content(self) -> Content | None:
        """Return the part of a picture with a border that was looked at.

        It is None where all of the picture was looked at.
        """
        return Content(*self.frame) if self.frame else None

    def observed(self) -> dict[str, Any]:
        """Return the observed fields by name, in a form that can be written as JSON."""
        return {name: getattr(self, name) for name in OBSERVED_FIELDS}

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def diameter_mm(self) -> float | None:
        """Return the lesion's diameter in the shown answer.

        It is None without a scale or an outline.
        """
        abcd = self.prediction.abcd if self.prediction else None
        return abcd["diameter"] / self.pixels_per_mm if abcd and self.pixels_per_mm else None

    @property
    def is_delayed(self) -> bool:
        """Return whether it has waited for longer than a person expects."""
        waits_since = timezone.now() - settings.QUEUE_DELAYED_AFTER
        return self.status == Status.QUEUED and self.queued_at < waits_since

    @property
    def is_done(self) -> bool:
        return self.status == Status.DONE

    @property
    def is_failed(self) -> bool:
        return self.status == Status.FAILED

    @property
    def is_rejected(self) -> bool:
        return self.status == Status.REJECTED

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED
