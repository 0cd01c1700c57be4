"""Let staff set up a second factor through a link by mail.

The password alone is not enough, since others may know it.
"""

from __future__ import annotations

from typing import cast

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from classifier.accounts.proof import lacks_proof, may_set_up, open_set_up, send_link
from classifier.models import User


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_link(request: HttpRequest) -> HttpResponse:
    if not lacks_proof(request) or may_set_up(request):
        return redirect("mfa_index")
    is_sent = request.method == "POST"
    if is_sent:
        if refused := ratelimit.consume_or_429(request, action="second_factor_link"):
            return refused
        send_link(cast(User, request.user))
    return render(request, "classifier/account/second_factor_link.html", {"is_sent": is_sent})


@login_required
@never_cache
@require_safe
def second_factor_set_up(request: HttpRequest, key: str) -> HttpResponse:
    if lacks_proof(request) and not open_set_up(request, key):
        messages.error(request, "That link is too old, was used, or is for another account.")
        return redirect("second_factor_link")
    return redirect("mfa_index")
