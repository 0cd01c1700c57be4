"""A page that waits for its result asks for news, and says so when it need not wait any more."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.addresses import address
from tests.classifier.markup import HTMX, visible_text
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["result", "result_status"])
@pytest.mark.parametrize(("state", "words"), [({}, "waiting"), ({"running": True}, "looking at")])
def test_a_waiting_one_asks_for_news(show, owner, name, state, words):
    submission = SubmissionFactory(owner=owner, **state)
    html = show(submission, name)
    assert words in visible_text(html)
    assert f'hx-get="{address("result_status", submission)}?shown={submission.status}"' in html
    assert 'hx-trigger="every 1s"' in html
    assert 'hx-swap="outerHTML"' in html
    assert "The network says" not in html


@pytest.mark.parametrize(
    ("state", "words"), [({"done": True}, "malignant, 87.3 %"), ({"failed": True}, "no result")]
)
def test_changes_are_announced_to_those_who_do_not_see_them(
    show, owner_client, owner, state, words
):
    submission = SubmissionFactory(owner=owner, **state)
    assert '<p class="visually-hidden" role="status" id="announcement">' in show(submission)
    news = owner_client.get(address("result_status", submission), headers=HTMX)
    announced = news.content.decode().rpartition('id="announcement" hx-swap-oob="innerHTML"')[2]
    assert words in announced


def test_nothing_is_answered_while_nothing_changes(owner_client, owner):
    submission = SubmissionFactory(owner=owner)
    status = address("result_status", submission)
    assert owner_client.get(f"{status}?shown=queued", headers=HTMX).status_code == 204
    Submission.objects.update(status=Status.RUNNING)
    changed = owner_client.get(f"{status}?shown=queued", headers=HTMX)
    assert (changed.status_code, "?shown=running" in changed.content.decode()) == (200, True)
    assert owner_client.get(f"{status}?shown=running", headers=HTMX).status_code == 204


def test_after_a_minute_in_the_queue_it_is_said_once_that_the_picture_is_kept(
    show, owner_client, owner, time_machine
):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    submission = SubmissionFactory(owner=owner)
    status = address("result_status", submission)
    assert "longer than usual" not in show(submission)
    time_machine.shift(59)
    assert owner_client.get(f"{status}?shown=queued", headers=HTMX).status_code == 204
    time_machine.shift(2)
    for html in (show(submission), show(submission, "result_status")):
        assert "It takes longer than usual, but your picture is kept and will be analysed." in html
        assert "?shown=delayed" in html
    assert owner_client.get(f"{status}?shown=queued", headers=HTMX).status_code == 200
    assert owner_client.get(f"{status}?shown=delayed", headers=HTMX).status_code == 204
    Submission.objects.update(status=Status.RUNNING)
    assert "The network is looking at your picture" in show(submission, "result_status")
    assert "longer than usual" not in show(submission)


def assert_stopped(answer: HttpResponse, title: str) -> str:
    """Check that the answer ends the asking and replaces all that the page showed.

    It must not be a whole page.
    """
    assert answer.status_code == 286
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#content", "innerHTML")
    assert "no-store" in answer["Cache-Control"]
    html = answer.content.decode()
    assert "<html" not in html
    assert "hx-get" not in html
    assert f"<title>{title} " in html
    return html


def test_a_page_whose_picture_is_gone_says_so_and_asks_no_more(owner_client, owner):
    submission, somebody_elses = SubmissionFactory(owner=owner), SubmissionFactory()
    key, status = submission.pk, address("result_status", submission)
    submission.delete()
    html = assert_stopped(owner_client.get(status, headers=HTMX), "This picture is gone")
    assert f'href="{reverse("history")}"' in html
    theirs = owner_client.get(address("result_status", somebody_elses), headers=HTMX)
    assert theirs.content.decode().replace(str(somebody_elses.pk), str(key)) == html


def test_a_page_whose_session_has_ended_says_so_and_leads_back_to_the_whole_page(
    client, owner, submission
):
    status, page = address("result_status", submission), address("result", submission)
    html = assert_stopped(client.get(status, headers=HTMX), "You are signed out")
    assert f'href="{reverse("account_login")}?next={page}"' in html
    assert "The network says" not in html


def test_whoever_opens_the_part_of_a_page_comes_to_the_page(owner_client, submission):
    answer = owner_client.get(address("result_status", submission))
    assert (answer.status_code, answer.url) == (302, address("result", submission))


@pytest.mark.parametrize(("method", "name"), [("get", "result_status"), ("post", "retry")])
def test_after_signing_in_again_one_comes_to_the_whole_page(client, submission, method, name):
    answer = getattr(client, method)(address(name, submission))
    way_back = f"{reverse('account_login')}?next={address('result', submission)}"
    assert (answer.status_code, answer.url) == (302, way_back)
