"""Where a person is signed in, and the way to end it."""

from __future__ import annotations

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from classifier.models import User
from classifier.services.account.sessions import end_session, end_sessions, select_sessions


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account_devices(request: HttpRequest) -> HttpResponse:
    user, current = cast(User, request.user), request.session.session_key
    if request.method == "POST":
        if (chosen := request.POST.get("session", "")).isdecimal():
            end_session(user, pk=int(chosen), but=current)
            messages.success(request, "You are signed out there.")
        else:
            end_sessions(user, but=current)
            messages.success(request, "You are signed out everywhere else.")
        return redirect("account_devices")
    # Whoever signed in before there were lists is on them from their first look.
    UserSession.objects.create_from_request(request)
    context = {"sessions": select_sessions(user), "current": current}
    return render(request, "classifier/account/devices.html", context)
