"""The history is filtered, searched and sorted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from classifier.models import Submission
from tests.classifier.submissions.conftest import LINK, NEWEST_FIRST, names
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db


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
