"""A person sees their own history and nobody else's, filtered, sorted and in pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from classifier.models import Submission
from classifier.views.submissions.history import PER_PAGE
from tests.classifier.markup import visible_text
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
LINK = re.compile(r'class="to-result" href="/results/([0-9a-f-]{36})/"')


@pytest.fixture
def listed(owner_client):
    """Return a function that gives the rows of the history in their order, for a query."""

    def rows(**query: object) -> list[Submission]:
        answer = owner_client.get(reverse("history"), query)
        assert answer.status_code == 200
        keys = LINK.findall(answer.content.decode())
        return [Submission.objects.get(pk=key) for key in keys]

    return rows


@pytest.fixture
def rows(owner, time_machine) -> dict[str, Submission]:
    """Return one row of each kind, a day apart from the first of March on."""
    kinds = {
        "malignant": {"done__malignant_probability": 0.9},
        "benign": {"done__malignant_probability": 0.3},
        "sure benign": {"done__malignant_probability": 0.01},
        "failed": {"failed": True},
        "running": {"running": True},
        "queued": {},
    }
    made = {}
    for day, (name, fields) in enumerate(kinds.items(), 1):
        time_machine.move_to(datetime(2026, 3, day, 12, tzinfo=UTC), tick=False)
        made[name] = SubmissionFactory(owner=owner, original_name=f"{name}.jpg", **fields)
    SubmissionFactory(original_name="of somebody else.jpg", done=True)
    return made


def names(found: list[Submission]) -> list[str]:
    return [submission.original_name.removesuffix(".jpg") for submission in found]


NEWEST_FIRST = ["queued", "running", "failed", "sure benign", "benign", "malignant"]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, NEWEST_FIRST),
        ({"verdict": "malignant"}, ["malignant"]),
        ({"verdict": "benign"}, ["sure benign", "benign"]),
        ({"status": "done"}, ["sure benign", "benign", "malignant"]),
        ({"status": "failed"}, ["failed"]),
        ({"status": "running"}, ["running"]),
        ({"status": "queued"}, ["queued"]),
        ({"date_from": "2026-03-03"}, ["queued", "running", "failed", "sure benign"]),
        ({"date_to": "2026-03-02"}, ["benign", "malignant"]),
        ({"date_from": "2026-03-03", "date_to": "2026-03-03"}, ["sure benign"]),
        ({"date_from": "2026-03-04", "date_to": "2026-03-03"}, []),
        ({"ordering": "created_at"}, NEWEST_FIRST[::-1]),
        ({"ordering": "-created_at"}, NEWEST_FIRST),
        ({"verdict": "benign", "date_to": "2026-03-02"}, ["benign"]),
        ({"status": "done", "ordering": "confidence"}, ["benign", "malignant", "sure benign"]),
        ({"status": "done", "ordering": "-confidence"}, ["sure benign", "malignant", "benign"]),
        ({"verdict": "", "status": "", "date_from": "", "ordering": ""}, NEWEST_FIRST),
    ],
)
def test_filters_and_orders(listed, query, expected):
    assert names(listed(**query)) == expected


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("confidence", ["benign", "malignant", "sure benign"]),
        ("-confidence", ["sure benign", "malignant", "benign"]),
    ],
)
def test_sorted_by_confidence_those_without_one_come_last_and_newest_first(
    listed, ordering, expected
):
    assert names(listed(ordering=ordering)) == [*expected, "queued", "running", "failed"]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "query",
    [
        {"verdict": "cancer"},
        {"status": "' OR 1=1 --"},
        {"date_from": "31.02.2026"},
        {"date_to": "0000-00-00"},
        {"ordering": "owner__password"},
        {"ordering": "-owner__email"},
        {"verdict": "\0", "status": "\0"},
        {"no_such_filter": "1"},
    ],
)
def test_a_filter_that_makes_no_sense_is_not_applied(listed, query):
    assert names(listed(**query)) == NEWEST_FIRST


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_dates_at_the_ends_of_time(listed, date):
    for name in ("date_from", "date_to"):
        listed(**{name: date})


@pytest.mark.usefixtures("rows")
def test_a_date_that_makes_no_sense_is_pointed_out_and_others_apply(owner_client):
    query = {"date_from": "yesterday", "verdict": "malignant"}
    html = owner_client.get(reverse("history"), query).content.decode()
    assert len(LINK.findall(html)) == 1
    assert 'role="alert"' in html
    assert "Enter a valid date." in html


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("benign", ["sure benign", "benign"]),
        ("BENIGN sure", ["sure benign"]),
        ("  benign  ", ["sure benign", "benign"]),
        ("left", ["queued", "failed"]),
        ("left queued", ["queued"]),
        ("left right", []),
        ("über", ["failed", "sure benign"]),
        ("ÜBER", ["failed", "sure benign"]),
        ("100%", ["failed"]),
        ("%", ["failed"]),
        ("_", []),
        ("somebody", []),
        ("' OR 1=1 --", []),
        (" ", NEWEST_FIRST),
        ("x" * 101, NEWEST_FIRST),
        ("a\0", NEWEST_FIRST),
    ],
)
def test_names_and_notes_are_searched_for_every_word(listed, rows, query, expected):
    for name, note in (
        ("queued", "On the LEFT arm."),
        ("failed", "left, 100% sure, Über Nacht"),
        ("sure benign", "gegenüber"),
    ):
        Submission.objects.filter(pk=rows[name].pk).update(note=note)
    assert names(listed(q=query)) == expected


@pytest.mark.usefixtures("rows")
def test_the_search_goes_together_with_filters(listed):
    assert names(listed(q="benign", status="done", ordering="created_at")) == [
        "benign",
        "sure benign",
    ]


@pytest.mark.usefixtures("rows")
def test_filters_are_open_where_any_is_set(owner_client):
    for query, is_open in (
        ({}, False),
        ({"q": "benign"}, False),
        ({"status": "done"}, True),
        ({"ordering": "confidence"}, True),
        ({"date_from": "soon"}, True),
    ):
        html = owner_client.get(reverse("history"), query).content.decode()
        assert ("<details open>" in html) == is_open, query


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


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("clinical", ["photograph"]),
        ("other", ["a cat"]),
        ("unknown", ["nobody knows"]),
        ("", ["nobody knows", "a cat", "photograph", "dermoscope"]),
    ],
)
def test_only_pictures_that_were_taken_so(listed, owner, chosen, expected):
    for name, image_type in (
        ("dermoscope", "dermoscopic"),
        ("photograph", "clinical"),
        ("a cat", "other"),
        ("nobody knows", None),
    ):
        SubmissionFactory(owner=owner, original_name=f"{name}.jpg", image_type=image_type)
    assert names(listed(image_type=chosen)) == expected
