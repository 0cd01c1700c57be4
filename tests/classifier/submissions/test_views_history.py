"""A person sees their own history and nobody else's, in rows and in pages."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from classifier.models import Submission
from classifier.views.submissions.history import PER_PAGE
from tests.classifier.markup import visible_text
from tests.classifier.submissions.conftest import LINK
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("rows")
def test_list_or_grid_is_kept_in_links_and_nowhere_else(owner_client):
    history = reverse("history")
    query = {"view": "grid", "status": "done"}
    html = owner_client.get(history, query).content.decode()
    assert '<ul class="rows grid">' in html
    assert '<input type="hidden" name="view" value="grid">' in html
    assert f'href="{history}?view=grid">Clear</a>' in html
    assert 'href="?status=done">' in html
    html = owner_client.get(history, {"view": "x", "status": "done"}).content.decode()
    assert '<ul class="rows">' in html
    assert 'href="?view=grid&amp;status=done"' in html
    assert 'name="view"' not in html


@pytest.mark.usefixtures("rows")
def test_what_was_chosen_stays_chosen(owner_client):
    query = {"verdict": "benign", "date_from": "2026-03-01", "ordering": "confidence"}
    html = owner_client.get(reverse("history"), query).content.decode()
    assert '<option value="benign" selected>' in html
    assert '<option value="confidence" selected>' in html
    assert 'value="2026-03-01"' in html


def test_a_row_shows_what_matters(owner_client, owner, rows):
    html = owner_client.get(reverse("history")).content.decode()
    text = visible_text(html)
    for words in ("Malignant", "90.0 %", "Benign", "99.0 %", "1 Mar 2026", "6 Mar 2026"):
        assert words in text
    for submission in rows.values():
        assert submission.get_status_display() in text
        assert submission.original_name in text
        for name in ("result", "result_thumbnail", "delete"):
            assert f'"{reverse(name, args=[submission.pk])}"' in html
    assert "of somebody else" not in html


@pytest.mark.usefixtures("rows")
def test_what_is_still_being_analysed_is_counted_with_the_way_to_the_same_page_again(owner_client):
    path = f"{reverse('history')}?ordering=created_at"
    html = owner_client.get(path).content.decode()
    assert "2 pictures are being analysed." in visible_text(html)
    assert f'<noscript><a href="{path}">Reload the page</a>' in html
    finished = owner_client.get(reverse("history"), {"status": "done"}).content
    assert "being analysed." not in visible_text(finished)


def test_a_row_tells_what_is_worth_a_look(owner_client, owner):
    version = ModelVersionFactory(operating_point={"sensitivity": 0.9, "threshold": 0.2})
    for probability in (0.1, 0.3, 0.7):
        SubmissionFactory(
            owner=owner,
            done__model_version=version,
            done__malignant_probability=probability,
        )
    text = visible_text(owner_client.get(reverse("history")).content.decode())
    assert re.findall(r"(Benign|Malignant)(, but worth a look)? \d", text) == [
        ("Malignant", ""),
        ("Benign", ", but worth a look"),
        ("Benign", ""),
    ]


def test_a_reviewer_has_a_history_of_their_own(reviewer, login, rows):
    mine = SubmissionFactory(owner=reviewer)
    html = login(reviewer).get(reverse("history")).content.decode()
    assert LINK.findall(html) == [str(mine.pk)]
    assert str(rows["benign"].pk) not in login(reviewer).get(reverse("upload")).content.decode()


def test_an_empty_history_leads_to_the_upload(owner_client):
    html = owner_client.get(reverse("history")).content.decode()
    assert f'class="button" href="{reverse("upload")}"' in html


@pytest.mark.usefixtures("rows")
def test_no_match_leads_back_to_all(owner_client):
    html = owner_client.get(reverse("history"), {"date_to": "2020-01-01"}).content.decode()
    assert LINK.findall(html) == []
    assert f'href="{reverse("history")}">' in html


@pytest.fixture
def many(owner) -> list[Submission]:
    """Return two full pages and three rows, the newest first."""
    SubmissionFactory.create_batch(2 * PER_PAGE + 3, owner=owner, image="a.jpg", thumbnail="a.jpg")
    return list(Submission.objects.order_by("-created_at", "-id"))


def test_pages(listed, many):
    pages = [listed(page=number) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [PER_PAGE, PER_PAGE, 3]
    assert pages[0] + pages[1] + pages[2] == many
    assert listed() == pages[0]


@pytest.mark.parametrize(("page", "shown"), [("0", 3), ("-1", 3), ("99", 3), ("x", 1), ("\0", 1)])
def test_a_page_that_is_not_there(listed, many, page, shown):
    assert listed(page=page) == listed(page=shown)


def test_links_between_pages_keep_the_filters(owner_client, many):
    query = {"status": "queued", "ordering": "created_at", "page": "2"}
    html = owner_client.get(reverse("history"), query).content.decode()
    links = dict(re.findall(r'rel="(prev|next)" href="\?([^"]+)"', html))
    assert links == {
        "prev": "status=queued&amp;ordering=created_at&amp;page=1",
        "next": "status=queued&amp;ordering=created_at&amp;page=3",
    }
    assert "Page 2 of 3" in visible_text(html)
    first = owner_client.get(reverse("history")).content.decode()
    assert re.findall(r'rel="(prev|next)"', first) == ["next"]


def test_equal_times_have_one_order(listed, owner, time_machine):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    made = SubmissionFactory.create_batch(5, owner=owner)
    expected = sorted(made, key=lambda submission: submission.pk, reverse=True)
    assert listed() == expected
