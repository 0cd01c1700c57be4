"""Let people send pictures in."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from classifier.counters import UPLOADS
from classifier.failures import tell_failure
from classifier.forms import UploadForm
from classifier.models import Submission, User
from classifier.scripts import wants_json
from classifier.services.submissions.quota import QuotaExceeded
from classifier.services.submissions.submit import StorageFailed, submit_picture
from classifier.services.submissions.submit_once import StillSubmitting, submit_picture_once
from classifier.uploads import ACCEPT, FORMATS_IN_WORDS, InvalidImage

RECENT = 6
STORAGE_FAILED = "We could not store this picture just now. Please send it again in a few minutes."
STILL_SUBMITTING = "This picture has arrived and is being checked. Please ask again in a moment."


class RefusedFile(NamedTuple):
    """Holds the name of a file that was not accepted, and the reason."""

    name: str
    reason: str


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    by_script = wants_json(request)
    if not form.is_valid():
        if by_script:
            problems = [str(error) for errors in form.errors.values() for error in errors]
            return _answer([], [RefusedFile("", problem) for problem in problems], status=422)
        return _page(request, form, status=422)
    accepted, rejected, status = _submit_all(request, form)
    if by_script:
        return _answer(accepted, rejected, status)
    if rejected:
        return _page(request, UploadForm(), status, accepted=accepted, refused_files=rejected)
    return redirect(_destination(accepted))


def _submit_all(
    request: HttpRequest, form: UploadForm
) -> tuple[list[Submission], list[RefusedFile], int]:
    """Submit each file by itself, so that a bad one takes no good one with it."""
    owner = cast(User, request.user)  # login is required
    accepted: list[Submission] = []
    rejected: list[RefusedFile] = []
    status = 201
    files: list[UploadedFile] = form.cleaned_data["images"]
    for file in files:
        name = file.name or "picture"
        try:
            accepted.append(_submit(owner, file, name, form))
            outcome = "accepted"
        except StillSubmitting:
            rejected.append(RefusedFile(name, STILL_SUBMITTING))
            status, outcome = max(status, 409), "repeated"
        except InvalidImage as error:
            rejected.append(RefusedFile(name, str(error)))
            status, outcome = max(status, 422), error.reason
        except QuotaExceeded as error:
            rejected.append(RefusedFile(name, str(error)))
            status, outcome = max(status, 429), "quota"
        except StorageFailed as error:
            tell_failure(request, error.__cause__ or error)
            rejected.append(RefusedFile(name, STORAGE_FAILED))
            status, outcome = 503, "storage"
        UPLOADS.labels(outcome).inc()
    return accepted, rejected, status


def _submit(owner: User, file: UploadedFile, name: str, form: UploadForm) -> Submission:
    scale, key = form.cleaned_data["pixels_per_mm"], form.cleaned_data["upload_key"]
    if key:
        return submit_picture_once(
            owner=owner, upload_key=key, stream=file, name=name, pixels_per_mm=scale
        )
    return submit_picture(owner=owner, stream=file, name=name, pixels_per_mm=scale)


def _destination(accepted: list[Submission]) -> str:
    return reverse("result", args=[accepted[0].pk]) if len(accepted) == 1 else reverse("history")


def _answer(accepted: list[Submission], rejected: list[RefusedFile], status: int) -> JsonResponse:
    """Answer a page whose script uploads the pictures, in order to show progress."""
    if accepted and rejected:
        status = 207
    body: dict[str, Any] = {
        "location": _destination(accepted) if accepted and not rejected else None,
        "accepted": [
            {"id": s.pk, "name": s.original_name, "url": reverse("result", args=[s.pk])}
            for s in accepted
        ],
        "rejected": [refused._asdict() for refused in rejected],
    }
    return JsonResponse(body, status=status)


def _page(
    request: HttpRequest, form: UploadForm, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {
        "form": form,
        "limits": {
            "max_files": settings.UPLOAD_MAX_FILES,
            "max_megabytes": settings.UPLOAD_MAX_BYTES // 1024**2,
            "max_megabytes_at_once": settings.UPLOAD_MAX_REQUEST_BYTES // 1024**2,
            "max_megapixels": settings.UPLOAD_MAX_PIXELS // 1_000_000,
            "formats": FORMATS_IN_WORDS,
            "accept": ACCEPT,
        },
        "recent": Submission.objects.owned_by(request.user).with_result()[:RECENT],
    }
    return render(request, "classifier/submissions/upload.html", context, status=status)
