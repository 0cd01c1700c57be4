"""A page with many pictures asks once for all that wait, until none does."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.markup import HTMX, visible_text
from tests.factories import PredictionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
#: What the page sends along of each picture that waits, and the state in which it shows it.
SHOWN = re.compile(r'<input type="hidden" form="waiting" name="(\w+)" value="([0-9a-f-]{36})">')
WAITING = reverse("waiting")


@pytest.fixture
def ask(owner_client):
    """Return a function that asks as a page does that holds this HTML."""

    def asked(html: str, client=owner_client, page: str = "/history/"):
        shown: dict[str, list[str]] = {}
        for status, key in SHOWN.findall(html):
            shown.setdefault(status, []).append(key)
        headers = HTMX | {"hx-current-url": f"http://testserver{page}"}
        return client.get(WAITING, shown, headers=headers)

    return asked


@pytest.fixture
def history(owner_client):
    return lambda: owner_client.get(reverse("history")).content.decode()


def finish(submission: Submission) -> None:
    prediction = PredictionFactory(submission=submission)
    Submission.objects.filter(pk=submission.pk).update(status=Status.DONE, prediction=prediction)


def swapped(html: str) -> set[str]:
    """Return the keys of the pictures that an answer shows anew."""
    return set(re.findall(r'id="outcome-([0-9a-f-]{36})" hx-swap-oob="true"', html))


def test_the_page_asks_for_all_that_wait_at_once_and_for_nothing_else(owner, history):
    SubmissionFactory(owner=owner, done=True)
    waiting = [SubmissionFactory(owner=owner), SubmissionFactory(owner=owner, running=True)]
    html = history()
    assert re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s"', html) == [WAITING]
    assert set(SHOWN.findall(html)) == {(one.status, str(one.pk)) for one in waiting}


def test_a_page_on_which_nothing_waits_asks_for_nothing(owner, history):
    for state in ({"done": True}, {"failed": True}, {"rejected": True}):
        SubmissionFactory(owner=owner, **state)
    assert "hx-get" not in history()


def test_nothing_is_answered_while_nothing_changes(owner, history, ask):
    SubmissionFactory(owner=owner)
    SubmissionFactory(owner=owner, running=True)
    assert ask(history()).status_code == 204


def test_what_has_changed_is_shown_and_the_rest_is_counted(owner, history, ask):
    first, second, third = SubmissionFactory.create_batch(3, owner=owner)
    html = history()
    finish(first)
    Submission.objects.filter(pk=second.pk).update(status=Status.RUNNING)
    answer = ask(html)
    news = answer.content.decode()
    assert answer.status_code == 200
    assert swapped(news) == {str(first.pk), str(second.pk)}
    assert "2 pictures are being analysed." in visible_text(news)
    assert "Malignant" in visible_text(news)
    # The page asks in the new state from now on.
    assert SHOWN.findall(news) == [("running", str(second.pk))]
    assert str(third.pk) not in news


def test_the_last_result_ends_the_asking(owner, history, ask):
    submission = SubmissionFactory(owner=owner)
    html = history()
    finish(submission)
    answer = ask(html)
    news = answer.content.decode()
    assert answer.status_code == 286
    assert swapped(news) == {str(submission.pk)}
    assert "hx-get" not in news
    assert "being analysed." not in visible_text(news)


def test_a_result_is_read_aloud_once_and_a_start_is_not(owner, history, ask):
    first, second = SubmissionFactory.create_batch(2, owner=owner, original_name="arm.jpg")
    html = history()
    assert '<p class="visually-hidden" role="status" id="announcement"></p>' in html
    # What is read aloud at once is not the number that changes with each answer.
    assert not re.search('<form class="notice" id="waiting"[^>]*role', html)
    Submission.objects.filter(pk=first.pk).update(status=Status.RUNNING)
    assert 'role="status"' not in ask(html).content.decode()
    html = history()
    finish(first)
    announced = (
        ask(html).content.decode().rpartition('id="announcement" hx-swap-oob="innerHTML"')[2]
    )
    assert "arm.jpg: malignant. 1 picture is still being analysed." in " ".join(announced.split())
    html = history()
    Submission.objects.filter(pk=second.pk).update(status=Status.FAILED, failure="gave_up")
    announced = ask(html).content.decode().rpartition('id="announcement"')[2]
    assert "arm.jpg: no result." in announced


def test_what_was_deleted_elsewhere_is_said_to_be_gone_like_what_is_somebody_elses(
    owner, history, ask
):
    kept, gone = SubmissionFactory.create_batch(2, owner=owner)
    html, key = history(), str(gone.pk)
    gone.delete()
    answer = ask(html)
    news = answer.content.decode()
    assert (answer.status_code, swapped(news)) == (200, {key})
    assert "1 picture is being analysed." in visible_text(news)
    assert "This picture is gone" in visible_text(news)
    theirs = str(SubmissionFactory(done=True).pk)
    assert ask(html.replace(key, theirs)).content.decode().replace(theirs, key) == news
    kept.delete()
    assert ask(html).status_code == 286


def test_a_page_whose_session_has_ended_says_so_and_leads_back_to_itself(
    client, owner, history, ask
):
    SubmissionFactory(owner=owner)
    html, path = history(), "/history/?status=queued&page=2"
    answer = ask(html, client, path)
    assert answer.status_code == 286
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#content", "innerHTML")
    assert "You are signed out" in visible_text(answer.content)
    (link,) = re.findall(r'class="button" href="([^"]+)"', answer.content.decode())
    assert parse_qs(urlsplit(link).query) == {"next": [path]}


def test_the_way_back_is_never_to_another_site(client):
    headers = HTMX | {"hx-current-url": "https://evil.example/history/"}
    html = client.get(WAITING, headers=headers).content.decode()
    assert "evil" not in html
    assert f"?next={reverse('history')}" in html


def test_keys_that_make_no_sense_are_left_out(owner, owner_client):
    waiting = SubmissionFactory(owner=owner)
    query = {"queued": ["x", "", "' OR 1=1 --", str(waiting.pk)], "running": "\0"}
    assert owner_client.get(WAITING, query, headers=HTMX).status_code == 204
    assert owner_client.get(WAITING, headers=HTMX).status_code == 286


def test_whoever_opens_the_part_of_a_page_comes_to_the_page(client, owner_client):
    assert owner_client.get(WAITING).url == reverse("history")
    assert client.get(WAITING).url == f"{reverse('account_login')}?next={reverse('history')}"
