"""Accept a picture for analysis."""

from __future__ import annotations

import contextlib
import uuid
from functools import partial
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from classifier.models import Submission, User
from classifier.models.submission import image_path
from classifier.services.submissions.dispatch import dispatch_analysis
from classifier.services.submissions.quota import charge_upload
from classifier.storage import STORAGE_ERRORS
from classifier.uploads import Readable, open_image


class StorageFailed(Exception):
    """The picture is fine but could not be kept; nothing of it remains."""


def submit_picture(
    *,
    owner: User,
    stream: Readable,
    name: str,
    pixels_per_mm: float | None = None,
    upload_key: uuid.UUID | None = None,
) -> Submission:
    """Store the picture in ``stream`` and queue its analysis.

    Args:
        owner: whose it will be.
        stream: the file as it was uploaded, at its beginning.
        name: the file's name on the person's device, kept so that they recognise it.
        pixels_per_mm: scale of the picture, more than 0, where it is known.
        upload_key: what `submit_picture_once` knows it by.

    Raises:
        QuotaExceeded: the owner has sent in too much.
        InvalidImage: the file is no picture that can be analysed.
        StorageFailed: there is no room for it, or the storage is gone.
        IntegrityError: the owner has a submission with this ``upload_key``.
    """
    charge_upload(owner=owner)
    clean = open_image(stream)
    submission = Submission(
        owner=owner,
        upload_key=upload_key,
        original_name=_short(name),
        width=clean.image.width,
        height=clean.image.height,
        pixels_per_mm=pixels_per_mm,
        sent_at=timezone.now(),
    )
    try:
        _store(submission, "image", f"image.{clean.extension}", clean.content)
        _store(submission, "thumbnail", "thumbnail.jpg", clean.thumbnail)
    except STORAGE_ERRORS as error:
        _forget_files(submission)
        raise StorageFailed from error
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            transaction.on_commit(partial(dispatch_analysis, submission.pk))
    except Exception:
        _forget_files(submission)
        raise
    return submission


def _short(name: str) -> str:
    """Return the last part of a file name, without control characters, in 255 characters."""
    printable = "".join(character for character in name if character.isprintable())
    return PurePath(printable.replace("\\", "/")).name[-255:] or "picture"


def _store(submission: Submission, field: str, filename: str, content: bytes) -> None:
    name = image_path(submission, filename)
    # Known before it is written: of a full disk half a file is left, to be deleted.
    setattr(submission, field, name)
    getattr(submission, field).storage.save(name, ContentFile(content))


def _forget_files(submission: Submission) -> None:
    for file in (submission.image, submission.thumbnail):
        # A storage that fails to write may fail to delete.
        with contextlib.suppress(*STORAGE_ERRORS):
            if file.name:
                file.storage.delete(file.name)
