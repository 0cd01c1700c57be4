"""Show the operator's page in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classifier.services.operation.overview import gather_overview


@never_cache
@require_safe
@admin.site.admin_view
def show(request: HttpRequest) -> HttpResponse:
    if not request.user.is_superuser:
        raise PermissionDenied
    context = admin.site.each_context(request) | {
        "title": "Operation",
        "operation": gather_overview(),
    }
    return render(request, "classifier/operation/overview.html", context)
