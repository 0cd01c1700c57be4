"""The home page of a person shows what is theirs: what waits, and what is new."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.models import Submission
from tests.classifier.markup import visible_text
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
NEW, LATEST = "New in the last seven days", "Your latest results"


@pytest.fixture
def home(owner_client):
    return lambda: owner_client.get(reverse("home")).content.decode()


def shown(html: str) -> list[str]:
    return re.findall(r'id="outcome-([0-9a-f-]{36})"', html)


def ended(owner, days: int, **state) -> str:
    submission = SubmissionFactory(owner=owner, **state or {"done": True})
    at = timezone.now() - timedelta(days=days)
    Submission.objects.filter(pk=submission.pk).update(finished_at=at)
    return str(submission.pk)


def test_all_that_waits_is_counted_and_asked_for(home, owner):
    SubmissionFactory.create_batch(13, owner=owner)
    html = home()
    assert "13 pictures are being analysed" in visible_text(html)
    assert len(shown(html)) == 13


def test_whoever_has_sent_nothing_is_led_to_the_upload(home, owner_client):
    html = home()
    assert "Nothing here yet" in visible_text(html)
    assert f'class="button" href="{reverse("upload")}"' in html
    assert f'action="{reverse("use_sample", args=["nevus"])}"' in html
    assert "hx-get" not in html
    assert shown(html) == []


def test_what_waits_is_shown_first_and_turns_into_a_result(home, owner):
    new = ended(owner, 1)
    waiting = str(SubmissionFactory(owner=owner).pk)
    html = home()
    assert shown(html) == [waiting, new]
    assert "1 picture is being analysed." in visible_text(html)
    assert f'name="queued" value="{waiting}"' in html
    assert f'hx-get="{reverse("waiting")}"' in html


def test_what_is_new_is_shown_with_what_could_not_be_judged_the_latest_first(home, owner):
    ended(owner, 8)
    rejected, done = ended(owner, 6, rejected=True), ended(owner, 2)
    html = home()
    assert shown(html) == [done, rejected]
    assert NEW in visible_text(html)
    assert LATEST not in visible_text(html)


def test_where_nothing_is_new_the_latest_are_shown(home, owner):
    oldest, older = ended(owner, 90), ended(owner, 30)
    html = home()
    assert shown(html) == [older, oldest]
    assert LATEST in visible_text(html)


def test_nothing_of_anybody_else_is_shown(reviewer, login, owner):
    ended(owner, 1)
    SubmissionFactory(owner=owner)
    assert shown(login(reviewer).get(reverse("home")).content.decode()) == []
