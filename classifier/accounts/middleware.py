"""Close some pages to staff who have not used a second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from classifier.accounts.proof import ProofMissing, lacks_proof, may_set_up

#: Staff use an existing factor on these pages, so they stay open. Other pages about second
#: factors are closed.
USE = {
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_login_webauthn",
}
#: Staff without a factor set one up on these pages. They open only to a person who has read the
#: account's mail.
SET_UP = {"mfa_activate_totp", "mfa_add_webauthn"}
#: These pages are closed too: somebody who adds an address here would have the link sent to it.
OTHERS = {"account_email"}


class RequireSecondFactor:
    """Lead staff who have not proved who they are to the page where they can do so.

    Until then the admin is closed, and so is every page that could replace or remove a factor.
    Pages that show other people's pictures ask for the proof themselves, see
    `classifier.accounts.proof.require_proof`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        if not _is_closed(request) or not lacks_proof(request):
            return None
        return _lead_to_proof(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ProofMissing):
            return None
        way = _lead_to_proof(request)
        # htmx would show the page that it is redirected to within the page that asked.
        return HttpResponseClientRedirect(way.url) if way and HtmxDetails(request) else way


def _name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _is_closed(request: HttpRequest) -> bool:
    if request.path.startswith(reverse("admin:index")):
        return True
    about_factors = request.path.startswith(reverse("mfa_index")) and _name(request) not in USE
    return about_factors or _name(request) in OTHERS


def _lead_to_proof(request: HttpRequest) -> HttpResponseRedirect | None:
    methods = get_adapter().get_reauthentication_methods(request.user)
    factors = [method for method in methods if method["id"].startswith("mfa_reauthenticate")]
    if factors:
        back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("home")
        messages.info(request, "Confirm who you are with your second factor first.")
        return redirect(f"{factors[0]['url']}?{urlencode({'next': back})}")
    if may_set_up(request):
        if _name(request) in SET_UP:
            return None
        messages.info(request, "Set up a second factor first: staff need one on this site.")
        return redirect("mfa_index")
    return redirect("second_factor_link")
