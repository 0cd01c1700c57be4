"""End the other sessions of an account when its password or its factors change.

They were opened while the account was less protected.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from classifier.models import User
from classifier.services.account.sessions import end_sessions


def end_other_sessions(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """End all sessions of ``user`` but that of the request."""
    end_sessions(user, but=request.session.session_key)
