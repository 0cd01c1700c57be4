"""List the sessions in which a person is signed in, end them, and delete those that are over."""

from __future__ import annotations

import json
from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from classifier.models import User
from classifier.services.account.mentions import compile_mentions

#: This many sessions are in memory at a time.
ROWS = 200


def select_sessions(user: User) -> QuerySet[UserSession]:
    """Return the sessions in which ``user`` is signed in now, the latest first."""
    running = Session.objects.filter(expire_date__gt=timezone.now())
    mine = UserSession.objects.filter(user=user, session_key__in=running.values("session_key"))
    return mine.order_by("-created_at", "-pk")


def end_session(user: User, *, pk: int, but: str | None = None) -> None:
    """End the session ``pk`` if it belongs to ``user`` and does not have the key ``but``."""
    _end(UserSession.objects.filter(user=user, pk=pk).exclude(session_key=but))


def end_sessions(user: User, *, but: str | None = None) -> None:
    """End all sessions of ``user``, except the one with the key ``but``."""
    _end(UserSession.objects.filter(user=user).exclude(session_key=but))


@transaction.atomic
def _end(sessions: QuerySet[UserSession]) -> None:
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()


def end_sessions_that_name(addresses: Iterable[str], *, user: User) -> None:
    """End sessions that are on no list and yet name the person.

    Such a session belongs to somebody who has not finished signing in, or who signed in before the
    site kept lists.
    """
    listed = UserSession.objects.values("session_key")
    mentions = compile_mentions(addresses)
    found = []
    for session in Session.objects.exclude(session_key__in=listed).iterator(ROWS):
        content = session.get_decoded()
        text = json.dumps(content, default=str)
        if content.get("_auth_user_id") == str(user.pk) or mentions.search(text):
            found.append(session.session_key)
    Session.objects.filter(session_key__in=found).delete()


def delete_expired_sessions() -> None:
    """Delete sessions that are over, and take them off the lists."""
    call_command("clearsessions")
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
