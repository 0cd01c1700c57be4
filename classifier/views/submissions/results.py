"""Show one submission and its pictures, and let its owner retry or delete it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling, reswap, retarget
from django_htmx.middleware import HtmxDetails

from classifier.accounts.proof import require_proof
from classifier.forms import ScaleForm
from classifier.models import Submission, User
from classifier.services.operation.audit import record_look, record_look_at_thumbnail
from classifier.services.submissions.delete import delete_submission
from classifier.services.submissions.quota import QuotaExceeded
from classifier.services.submissions.retry import retry_submission
from classifier.views.submissions.viewer import view_of

OTHERS = 6
#: A browser may show a picture again without asking for this many seconds. They are few, since
#: people share computers.
PICTURE_MAX_AGE = 300
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def _visible(request: HttpRequest, pk: uuid.UUID) -> Submission:
    """Return the submission if the person may see it.

    The caller records the look once there is something to see.
    """
    found = Submission.objects.visible_to(request.user).with_result().filter(pk=pk).first()
    if not found or found.owner_id != request.user.pk:
        # Only staff need this proof. It comes first, so that they do not learn without it whether
        # there is such a submission.
        require_proof(request)
    if not found:
        raise Http404("There is no such submission.")
    return found


def _panel(submission: Submission) -> dict[str, object]:
    prediction = submission.prediction if submission.is_done else None
    reviews = list(submission.reviews.all())
    return {
        "submission": submission,
        "shown": _shown(submission),
        "prediction": prediction,
        "viewer": view_of(submission),
        "scale_form": ScaleForm(),
        "other_predictions": [
            other
            for other in submission.predictions.with_model_version().order_by("pk")
            if other != prediction
        ],
        "reviews": reviews,
        "has_long_reviews": any(review.is_long for review in reviews),
    }


def _shown(submission: Submission) -> str:
    """Return a word for what the panel shows. It changes whenever the panel does."""
    return "delayed" if submission.is_delayed else submission.status


@login_required
@never_cache
@require_safe
def result(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    submission = _visible(request, pk)
    page = show_result(request, submission)
    record_look(submission, viewer=request.user)
    return page


def show_result(
    request: HttpRequest, submission: Submission, status: int = 200, **context: object
) -> HttpResponse:
    """Return the page of a result. ``context`` takes the place of what it would show by itself."""
    mine = Submission.objects.owned_by(request.user).with_result()
    context = _panel(submission) | {"others": mine.exclude(pk=submission.pk)[:OTHERS]} | context
    return render(request, "classifier/submissions/result.html", context, status=status)


def _signed_in(view: Callable[[HttpRequest, uuid.UUID], HttpResponse]) -> Callable[..., Any]:
    """Require a login for an address that is no page of its own.

    After the login, the person is led to the page of the result.
    """

    @wraps(view)
    def checked(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, pk)
        if HtmxDetails(request):
            return _stop(request, "signed_out", pk)
        return redirect_to_login(reverse("result", args=[pk]))

    return checked


@never_cache
@_signed_in
@require_safe
def result_status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer the page, which keeps asking until the analysis is finished.

    The answer is empty as long as nothing has changed.
    """
    if not HtmxDetails(request):
        # This address is only a part of the page, and somebody opened it by itself.
        return redirect("result", pk=pk)
    try:
        submission = _visible(request, pk)
    except Http404:
        return _stop(request, "deleted", pk)
    if request.GET.get("shown") == _shown(submission):
        return HttpResponse(status=204)
    panel = render(request, "classifier/submissions/partials/result_panel.html", _panel(submission))
    record_look(submission, viewer=request.user)
    return panel


def _stop(request: HttpRequest, why: str, pk: uuid.UUID) -> HttpResponse:
    """Have the page say why it stops asking, in place of all that it showed.

    On an error, htmx would leave the page as it is and ask again. With this status it shows the
    answer and asks no more.
    """
    content = render(request, f"classifier/submissions/partials/stopped_{why}.html", {"pk": pk})
    stopped = HttpResponseStopPolling(content.content)
    return reswap(retarget(stopped, "#content"), "innerHTML")


@login_required
@require_safe
@cache_control(private=True, max_age=PICTURE_MAX_AGE)
def result_image(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    submission = _visible(request, pk)
    picture = _file(submission.image)
    record_look(submission, viewer=request.user)
    return picture


@login_required
@require_safe
@cache_control(private=True, max_age=PICTURE_MAX_AGE)
def result_copy(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    """Serve the smaller copy, or the picture itself where it has none."""
    submission = _visible(request, pk)
    picture = _file(submission.copy or submission.image)
    record_look(submission, viewer=request.user)
    return picture


@login_required
@require_safe
@cache_control(private=True, max_age=PICTURE_MAX_AGE)
def result_thumbnail(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    submission = _visible(request, pk)
    picture = _file(submission.thumbnail)
    record_look_at_thumbnail(submission, viewer=request.user)
    return picture


@login_required
@require_safe
@cache_control(private=True, max_age=PICTURE_MAX_AGE)
def result_heat_map(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    submission = _visible(request, pk)
    prediction = submission.prediction
    if not prediction or not prediction.heat_map:
        raise Http404("There is no heat map of this picture.")
    picture = _file(prediction.heat_map)
    record_look(submission, viewer=request.user)
    return picture


def _file(file: FieldFile) -> FileResponse:
    """Serve a stored picture with the type that we gave it, whatever type it claims to have."""
    extension = (file.name or "").rpartition(".")[2]
    try:
        return FileResponse(file.open("rb"), content_type=CONTENT_TYPES[extension])
    except FileNotFoundError:
        raise Http404("The picture is no longer stored.") from None


@never_cache
@_signed_in
@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    submission = get_object_or_404(Submission.objects.owned_by(request.user), pk=pk)
    try:
        if not retry_submission(submission):
            messages.info(request, "There was nothing to retry.")
    except QuotaExceeded as error:
        messages.error(request, str(error))
        return show_result(request, submission, status=429)
    return redirect("result", pk=pk)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    submission = get_object_or_404(Submission.objects.owned_by(request.user), pk=pk)
    if request.method != "POST":
        return render(
            request, "classifier/submissions/confirm_delete.html", {"submission": submission}
        )
    delete_submission(submission, actor=cast(User, request.user))
    messages.success(request, "The picture and its result are deleted.")
    return redirect("history")
