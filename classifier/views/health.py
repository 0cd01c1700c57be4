"""What a load balancer asks: does the process answer, and can it do its work?"""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classifier.services import readiness


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    # What is wrong is for the logs and the operator's page: this one is for everybody.
    problems = readiness.check()
    ready = not any(problems.values())
    body = {"status": "ok" if ready else "unavailable"} | {
        name: "unavailable" if problem else "ok" for name, problem in problems.items()
    }
    return JsonResponse(body, status=200 if ready else 503)
