"""Show people where they are signed in, and let them sign out there."""

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

#: Browsers and systems name themselves by these words. A browser that also names another one comes
#: before that other one.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "a Mac",
    "Linux": "Linux",
}


def describe_browser(user_agent: str) -> str:
    """Return what people would call a browser, or as much as can be told."""
    browser = next((BROWSERS[part] for part in BROWSERS if part in user_agent), "")
    system = next((SYSTEMS[part] for part in SYSTEMS if part in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or user_agent[:40] or "A browser without a name"


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
    # A session from before the site kept lists is put on the list when it first opens this page.
    UserSession.objects.create_from_request(request)
    devices = [(describe_browser(one.user_agent), one) for one in select_sessions(user)]
    context = {"devices": devices, "current": current}
    return render(request, "classifier/account/devices.html", context)
