"""Accept a picture for analysis."""

from __future__ import annotations

import contextlib
import uuid
from functools import partial
from pathlib import PurePath

from django.core.files.base import ContentFile, File
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from classifier.models import Submission, User
from classifier.models.submission import image_path
from classifier.services.submissions.dispatch import dispatch_analysis
from classifier.services.submissions.quota import (
    charge_decoding,
    charge_upload,
    check_decoding,
    check_room,
)
from classifier.storage import STORAGE_ERRORS
from classifier.uploads import InvalidImage
from classifier.uploads.decoders import Cleaned, DecodersBusy, Seekable, clean_apart


class StorageFailed(Exception):
    """The picture could not be kept just now, and nothing of it remains."""


def submit_picture(
    *,
    owner: User,
    stream: Seekable,
    name: str,
    pixels_per_mm: float | None = None,
    upload_key: uuid.UUID | None = None,
) -> Submission:
    """Store the picture in ``stream`` and queue its analysis.

    Args:
        owner: whose it will be.
        stream: the file as it was uploaded.
        name: the file's name on the person's device, kept so that they recognise it.
        pixels_per_mm: scale of the picture, more than 0, where it is known.
        upload_key: by which `submit_picture_once` recognises a repeat.

    Raises:
        QuotaExceeded: the owner has sent in too much.
        InvalidImage: the file is no picture that can be analysed.
        StorageFailed: there is no room for it, the storage is gone, or too many pictures wait to
            be decoded.
        IntegrityError: the owner has a submission with this ``upload_key``.
    """
    with charge_upload(owner=owner):
        check_room(owner=owner)
        check_decoding(owner=owner)
        clean = _clean(stream, owner)
        with clean.content:
            check_room(owner=owner, size=clean.stored_bytes)
            return _keep(clean, owner, name, pixels_per_mm, upload_key)


def _clean(stream: Seekable, owner: User) -> Cleaned:
    try:
        clean = clean_apart(stream, owner=owner.pk)
    except InvalidImage as refused:
        charge_decoding(owner=owner, seconds=refused.seconds)
        raise
    # An OSError means that the disk has no room for the picture while it is on its way.
    except (DecodersBusy, OSError) as error:
        raise StorageFailed from error
    charge_decoding(owner=owner, seconds=clean.seconds)
    return clean


def _keep(
    clean: Cleaned,
    owner: User,
    name: str,
    pixels_per_mm: float | None,
    upload_key: uuid.UUID | None,
) -> Submission:
    submission = Submission(
        owner=owner,
        upload_key=upload_key,
        original_name=_short(name),
        width=clean.width,
        height=clean.height,
        # If the picture is kept smaller, a millimetre has fewer pixels.
        pixels_per_mm=pixels_per_mm and pixels_per_mm * clean.scale,
        stored_bytes=clean.stored_bytes,
        sent_at=timezone.now(),
    )
    try:
        _store(submission, "image", f"image.{clean.extension}", File(clean.content))
        if clean.copy:
            _store(submission, "copy", "copy.jpg", ContentFile(clean.copy))
        _store(submission, "thumbnail", "thumbnail.jpg", ContentFile(clean.thumbnail))
    except STORAGE_ERRORS as error:
        _forget_files(submission)
        raise StorageFailed from error
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            transaction.on_commit(partial(dispatch_analysis, submission.pk))
    except Exception:
        if _is_surely_not_kept(submission):
            _forget_files(submission)
        raise
    return submission


def _is_surely_not_kept(submission: Submission) -> bool:
    """Return whether the database has no such row; False where it cannot be asked.

    A database that ends while it commits may have kept the row, although its answer was lost. Files
    that no row names are tidied away later.
    """
    try:
        return not Submission.objects.filter(pk=submission.pk).exists()
    except (DatabaseError, InterfaceError):
        return False


def _short(name: str) -> str:
    """Return the last part of a file name, without control characters, cut to 255 characters."""
    printable = "".join(character for character in name if character.isprintable())
    return PurePath(printable.replace("\\", "/")).name[-255:] or "picture"


def _store(submission: Submission, field: str, filename: str, content: File) -> None:
    name = image_path(submission, filename)
    # The name is noted before the file is written. A full disk may leave half a file, which can
    # only be deleted by its name.
    setattr(submission, field, name)
    getattr(submission, field).storage.save(name, content)


def _forget_files(submission: Submission) -> None:
    for file in (submission.image, submission.copy, submission.thumbnail):
        # A storage that fails to write may also fail to delete.
        with contextlib.suppress(*STORAGE_ERRORS):
            if file.name:
                file.storage.delete(file.name)
