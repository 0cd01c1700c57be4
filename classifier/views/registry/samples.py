"""Show strangers what the network says of some pictures that everybody may see."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from classifier.counters import UPLOADS
from classifier.failures import tell_failure
from classifier.models import User
from classifier.services.registry.samples import Sample, find_sample, list_samples
from classifier.services.submissions.quota import QuotaExceeded
from classifier.services.submissions.submit import StorageFailed, submit_picture
from classifier.uploads import InvalidImage
from classifier.views.submissions.upload import STORAGE_FAILED
from classifier.views.submissions.viewer import Viewer

#: A browser may show the pages to a stranger again without asking for this many seconds.
MAX_AGE = 300


@require_safe
def samples(request: HttpRequest) -> HttpResponse:
    context = {"samples": list_samples()}
    return _keep(request, render(request, "classifier/registry/samples.html", context))


@require_safe
def sample(request: HttpRequest, slug: str) -> HttpResponse:
    return _keep(request, _page(request, _find(slug)))


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def sample_heat_map(request: HttpRequest, slug: str) -> FileResponse:
    found = _find(slug)
    if found.heat_map is None:
        raise Http404("There is no heat map of this picture.")
    return FileResponse(found.heat_map.open("rb"), content_type="image/png")


@login_required
@never_cache
@require_POST
def use_sample(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the picture in as if the person had uploaded it."""
    found, owner = _find(slug), cast(User, request.user)
    try:
        with found.file.open("rb") as stream:
            name = f"sample-{found.file.name}"
            submission = submit_picture(owner=owner, stream=stream, name=name)
    except QuotaExceeded as error:
        return _refuse(request, found, str(error), status=429, outcome="quota")
    except InvalidImage as error:
        return _refuse(request, found, str(error), status=422, outcome=error.reason)
    except StorageFailed as error:
        tell_failure(request, error.__cause__ or error)
        return _refuse(request, found, STORAGE_FAILED, status=503, outcome="storage")
    UPLOADS.labels("accepted").inc()
    return redirect("result", pk=submission.pk)


def _find(slug: str) -> Sample:
    if found := find_sample(slug):
        return found
    raise Http404("There is no such sample.")


def _refuse(
    request: HttpRequest, found: Sample, reason: str, *, status: int, outcome: str
) -> HttpResponse:
    UPLOADS.labels(outcome).inc()
    messages.error(request, reason)
    return _page(request, found, status=status)


def _page(request: HttpRequest, found: Sample, status: int = 200) -> HttpResponse:
    samples = list_samples()
    context = {
        "sample": found,
        "samples": samples,
        "others": [other for other in samples if other.slug != found.slug],
        "submission": found.submission,
        "prediction": found.prediction,
        "viewer": _view_of(found),
    }
    return render(request, "classifier/registry/sample.html", context, status=status)


def _view_of(found: Sample) -> Viewer:
    submission, prediction = found.submission, found.prediction
    picture = static(found.static_path)
    return Viewer(
        image=picture,
        copy=picture,
        width=submission.width,
        height=submission.height,
        description=f"A sample picture: {found.diagnosis}",
        name=found.isic_id,
        heat_map=reverse("sample_heat_map", args=[found.slug]) if found.heat_map else "",
        heat_inside_percent=prediction.heat_inside_percent,
        outline=prediction.outline or (),
        content=submission.content,
        is_looked_at=True,
    )


def _keep(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """Let a browser keep a page that holds nothing of an account."""
    if not request.user.is_authenticated:
        patch_cache_control(page, private=True, max_age=MAX_AGE)
    return page
