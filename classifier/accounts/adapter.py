"""Send mails whose links lead to this site alone, and limit how often passwords are guessed.

The limits shut out whoever guesses, but not the owner of the account.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from classifier.accounts.devices import find_device
from classifier.models import User


def site_url(path: str) -> str:
    """Return the address of a page of the site.

    It is made from the settings, since a request can claim to be for any host.
    """
    return f"{settings.SITE_ADDRESS}{path}"


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links all lead to ``SITE_ADDRESS``. It needs no request."""
        links = {
            name: site_url(urlsplit(value)._replace(scheme="", netloc="").geturl())
            for name, value in context.items()
            if name.endswith("_url")
        }
        site = SimpleNamespace(name="SkinSite", domain=urlsplit(settings.SITE_ADDRESS).netloc)
        links["new_password_url"] = site_url(reverse("account_reset_password"))
        told = {"email": email, "current_site": site, **context, **links}
        self.render_mail(template_prefix, email, told).send()

    def tell_of_administrator(self, template_prefix: str, user: User) -> None:
        """Tell a person by mail what an administrator has changed in their account."""
        self.send_notification_mail(template_prefix, user, {"by_administrator": True})

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt at a password before it is tried, and give it back if it is right.

        Attempts in a browser in which this person has signed in before count for that browser
        alone. All others count for the account and for the address that they come from.
        """
        login = credentials.get("email", "").lower()
        limits: list[tuple[str, str | None]]
        if device := find_device(request, login):
            limits = [("login_failed_in_known_browser", device)]
        else:
            limits = [("login_failed", login), ("login_failed_from_address", None)]
        spent = ratelimit.RateLimitUsage(usage=[])
        self._login_failed_rl_usage = spent
        for action, key in limits:
            usage = ratelimit.consume(request, app="allauth.account", action=action, key=key)
            if not usage:
                spent.rollback()
                raise self.validation_error("too_many_login_attempts")
            spent.usage += usage.usage

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth's own key holds the host of the request. Whoever asks under another host name
        # would get a fresh limit.
        return credentials.get("email", "").lower()

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Answer too many attempts with a separate page instead of an error in the form."""
        if code == "too_many_login_attempts":
            raise ImmediateHttpResponse(ratelimit.respond_429(context.request))
        return super().validation_error(code, *args)
