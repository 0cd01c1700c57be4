"""Write everything that a person sent in and was told into one file to take along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Prefetch
from django.db.models.fields.files import FieldFile
from zipstream import ZipStream

from classifier.models import Prediction, Submission, User
from classifier.models.submission import SubmissionQuerySet

CHUNK = 64 * 1024
#: This many rows are in memory at a time.
ROWS = 200
NOTE = "For education and research only: nothing in here is a diagnosis."
#: Only these parts of a result fit into a line of a spreadsheet.
RESULT_COLUMNS = ("verdict", "malignant_probability", "confidence", "judged_as")
COLUMNS = (
    "id",
    "sent",
    "name",
    "note",
    "picture",
    "status",
    "problem",
    "reason",
    "image_type",
    *RESULT_COLUMNS,
    "model",
    "reviews",
)


def export_account(user: User) -> Iterable[bytes]:
    """Return a ZIP file with the pictures, the heat maps, and the results as JSON and CSV.

    The file is made while it is read.

    Args:
        user: whose submissions it holds. A clinician gets no others, although they may see them.
    """
    return _archive(Submission.objects.owned_by(user), {"note": NOTE, "account": _account(user)})


def export_submissions(submissions: SubmissionQuerySet) -> Iterable[bytes]:
    """Return a file like that of the account, with these submissions alone.

    It says nothing of the account, since people hand some of their pictures on, to a doctor say.
    """
    return _archive(submissions, {"note": NOTE})


def _archive(submissions: SubmissionQuerySet, head: dict[str, Any]) -> Iterable[bytes]:
    archive = ZipStream()
    # Nothing is compressed, since pictures already are.
    archive.add(_json(submissions, head), "results.json")
    archive.add(_csv(submissions), "results.csv")
    for submission in submissions.iterator(ROWS):
        archive.add(_content(submission.image), _picture_name(submission))
    heat_maps = Prediction.objects.filter(submission__in=submissions.order_by())
    heat_maps = heat_maps.exclude(heat_map="").select_related("submission")
    for prediction in heat_maps.iterator(ROWS):
        archive.add(_content(prediction.heat_map), _heat_map_name(prediction))
    return archive


def _content(file: FieldFile) -> Iterator[bytes]:
    try:
        with file.open("rb") as stream:
            yield from iter(lambda: stream.read(CHUNK), b"")
    except FileNotFoundError:
        # The file was deleted meanwhile or is lost. The rest of the archive is still worth having.
        return


def _name(submission: Submission) -> str:
    return f"{submission.created_at:%Y-%m-%d}-{submission.pk}"


def _picture_name(submission: Submission) -> str:
    extension = (submission.image.name or "").rpartition(".")[2]
    return f"pictures/{_name(submission)}.{extension}"


def _heat_map_name(prediction: Prediction) -> str:
    return f"heat-maps/{_name(prediction.submission)}-{prediction.pk}.png"


def _rows(submissions: SubmissionQuerySet) -> Iterator[Submission]:
    predictions = Prefetch("predictions", Prediction.objects.with_model_version())
    return submissions.with_result().prefetch_related("reviews", predictions).iterator(ROWS)


def _json(submissions: SubmissionQuerySet, head: dict[str, Any]) -> Iterator[bytes]:
    yield f'{json.dumps(head, indent=1)[:-2]},\n "submissions": ['.encode()
    separator = "\n"
    for submission in _rows(submissions):
        yield (separator + json.dumps(_described(submission))).encode()
        separator = ",\n"
    yield b"\n]}\n"


def _account(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "joined": user.date_joined.isoformat(),
        "addresses": [
            {"email": one.email, "confirmed": one.verified, "primary": one.primary}
            for one in EmailAddress.objects.filter(user=user).order_by("pk")
        ],
        # Their secrets are left out, so that nobody who finds the file can sign in with them.
        "second_factors": [
            {"type": one.type, "added": one.created_at.isoformat()}
            for one in Authenticator.objects.filter(user=user).order_by("pk")
        ],
        "devices": [
            {"signed_in": one.created_at.isoformat(), "ip": one.ip, "browser": one.user_agent}
            for one in UserSession.objects.filter(user=user).order_by("pk")
        ],
    }


def _described(submission: Submission) -> dict[str, Any]:
    shown = submission.prediction_id
    return {
        "id": str(submission.pk),
        "name": submission.original_name,
        "note": submission.note,
        "picture": _picture_name(submission),
        "sent": submission.created_at.isoformat(),
        "pixels_per_mm": submission.pixels_per_mm,
        "status": submission.status,
        "problem": _problem(submission),
        "reason": _reason(submission),
        **submission.observed(),
        "predictions": [
            _predicted(submission, prediction) | {"shown": prediction.pk == shown}
            for prediction in submission.predictions.all()
        ],
        "reviews": [
            {
                "diagnosis": review.diagnosis,
                "comment": review.comment,
                "date": review.updated_at.isoformat(),
            }
            for review in submission.reviews.all()
        ],
    }


def _predicted(submission: Submission, prediction: Prediction) -> dict[str, Any]:
    prediction.submission = submission
    return prediction.told() | {
        "model": str(prediction.model_version),
        "date": prediction.created_at.isoformat(),
        "heat_map": _heat_map_name(prediction) if prediction.heat_map else None,
    }


def _csv(submissions: SubmissionQuerySet) -> Iterator[bytes]:
    yield _line(COLUMNS)
    for submission in _rows(submissions):
        prediction = submission.prediction
        told = prediction.told() if prediction else {}
        yield _line(
            (
                submission.pk,
                submission.created_at.isoformat(),
                _harmless(submission.original_name),
                _harmless(submission.note),
                _picture_name(submission),
                submission.status,
                _problem(submission),
                _reason(submission),
                submission.image_type or "",
                *(told.get(name, "") for name in RESULT_COLUMNS),
                prediction.model_version if prediction else "",
                "; ".join(review.diagnosis for review in submission.reviews.all()),
            )
        )


def _problem(submission: Submission) -> str:
    return submission.failure if submission.is_failed else submission.rejection


def _reason(submission: Submission) -> str:
    return submission.failure_sentence if submission.is_failed else submission.rejection_sentence


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running a person's text as a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _line(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode()
