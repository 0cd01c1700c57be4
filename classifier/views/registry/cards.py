"""Show what is known about the networks: a list, their cards and their figures."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from classifier.markdown import to_card
from classifier.models import ModelVersion
from classifier.models.model_version import figure_path

#: A browser may keep a figure for this many seconds. It changes only when the version is measured
#: anew.
FIGURE_MAX_AGE = 3600


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    versions = ModelVersion.objects.order_by("-is_active", "name", "-registered_at")
    return render(request, "classifier/registry/models.html", {"versions": versions})


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    """Show the card of the version that is active, or else of the newest one."""
    return _card(request, _current(name))


@require_safe
def model_version(request: HttpRequest, name: str, version: str) -> HttpResponse:
    return _card(request, get_object_or_404(ModelVersion, name=name, version=version))


@require_safe
@cache_control(private=True, max_age=FIGURE_MAX_AGE)
def figure(request: HttpRequest, name: str, file: str, version: str = "") -> FileResponse:
    found = (
        get_object_or_404(ModelVersion, name=name, version=version) if version else _current(name)
    )
    try:
        stream = default_storage.open(figure_path(found.name, found.version, f"{file}.png"))
    except FileNotFoundError:
        raise Http404("There is no such figure.") from None
    return FileResponse(stream, content_type="image/png")


def _current(name: str) -> ModelVersion:
    newest = ModelVersion.objects.filter(name=name).order_by("-is_active", "-registered_at").first()
    if newest is None:
        raise Http404("There is no model of this name.")
    return newest


def _card(request: HttpRequest, version: ModelVersion) -> HttpResponse:
    context = {"model_version": version, "card": to_card(version.card)}
    return render(request, "classifier/registry/model.html", context)
