"""Answer the scripts of the pages in a way that a script can read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url

SIGNED_OUT = "You are signed out. Sign in again, in another window, then try again here."


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a script asks, and no browser on behalf of a person."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


class TellSignedOut:
    """Tell a script that nobody is signed in, where a browser would be led to the sign-in.

    A script would follow there, and take the page for its answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _leads_to_sign_in(response) and wants_json(request):
            return JsonResponse({"reason": SIGNED_OUT}, status=401)
        return response


def _leads_to_sign_in(response: HttpResponse) -> bool:
    if not isinstance(response, HttpResponseRedirect):
        return False
    return response.url.partition("?")[0] == resolve_url(settings.LOGIN_URL)
