"""People see and end their sessions, and what protects an account better ends them too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classifier import tasks
from classifier.views.account.devices import describe_browser
from skinsite.settings.analysis import CELERY_BEAT_SCHEDULE
from tests import PASSWORD
from tests.classifier.account.signing_in import (
    NEW,
    is_signed_in,
    set_password_by_mail,
    sign_in,
)
from tests.classifier.markup import visible_text

pytestmark = pytest.mark.django_db
DEVICES = reverse("account_devices")


@pytest.fixture
def here(owner) -> Client:
    return sign_in(owner, browser="Firefox here")


@pytest.fixture
def elsewhere(owner) -> Client:
    return sign_in(owner, browser="Chromium elsewhere")


def test_the_list_names_every_browser_and_which_is_this_one(here, elsewhere, other):
    sign_in(other, browser="Safari of somebody else")
    text = visible_text(here.get(DEVICES).content)
    assert text.index("Chromium elsewhere") < text.index("Firefox here This browser")
    assert "from 127.0.0.1" in text
    assert "Safari" not in text


def test_a_browser_from_before_there_were_lists_is_on_it(owner_client):
    assert "This browser" in visible_text(owner_client.get(DEVICES).content)


def test_one_is_signed_out(here, elsewhere, owner):
    third = sign_in(owner)
    chosen = UserSession.objects.get(user_agent="Chromium elsewhere")
    assert f'value="{chosen.pk}"' in here.get(DEVICES).content.decode()
    here.post(DEVICES, {"session": chosen.pk})
    assert [is_signed_in(one) for one in (here, elsewhere, third)] == [True, False, True]
    assert "Chromium" not in visible_text(here.get(DEVICES).content)


def test_all_others_are_signed_out(here, elsewhere):
    answer = here.post(DEVICES, follow=True)
    assert "signed out everywhere else" in visible_text(answer.content)
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)
    assert UserSession.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.1", "curl/8.1"),
        ("", "A browser without a name"),
    ],
)
def test_a_browser_is_called_what_people_call_it(said, told):
    assert describe_browser(said) == told


@pytest.mark.parametrize("key", ["0", "9" * 30, "x", "٣"])
def test_a_key_of_nothing(here, key):
    assert here.post(DEVICES, {"session": key}).status_code == 302
    assert is_signed_in(here)


def test_nobody_signs_out_anybody_else_nor_this_browser_by_mistake(here, other):
    theirs = sign_in(other)
    for session in UserSession.objects.all():
        here.post(DEVICES, {"session": session.pk})
    assert is_signed_in(theirs)
    assert is_signed_in(here)


def test_a_session_that_is_over_is_not_listed(here, elsewhere):
    elsewhere.post(reverse("account_logout"))
    assert "Chromium" not in visible_text(here.get(DEVICES).content)


def test_a_new_password_ends_all_others(here, elsewhere):
    here.post(reverse("account_change_password"), NEW | {"oldpassword": PASSWORD})
    assert (is_signed_in(here), is_signed_in(elsewhere)) == (True, False)
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_a_new_password_by_mail_ends_all(here, elsewhere, owner):
    client = Client()
    client.post(reverse("account_reset_password"), {"email": owner.email})
    set_password_by_mail(client)
    assert not is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert not UserSession.objects.exists()


def test_what_is_over_is_deleted_by_the_schedule(here, elsewhere, owner, time_machine):
    assert "classifier.clear_sessions" in {one["task"] for one in CELERY_BEAT_SCHEDULE.values()}
    elsewhere.post(reverse("account_logout"))
    tasks.clear_sessions()
    assert UserSession.objects.get().user_agent == "Firefox here"
    time_machine.move_to(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
    tasks.clear_sessions()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
