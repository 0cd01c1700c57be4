"""Pages that are the same for everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from classifier.models import ModelVersion


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("upload")
    return render(request, "classifier/home.html")


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    active = ModelVersion.objects.filter(is_active=True).first()
    return render(request, "classifier/about.html", {"model_version": active})
