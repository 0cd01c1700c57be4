"""Pages ask the database as often for thirty rows as for three."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.markup import HTMX
from tests.factories import ModelVersionFactory, ReviewFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def queries():
    """Return a function that counts the queries of a page."""

    def count(client, path: str, **headers: str) -> int:
        assert (
            client.get(path, headers=headers).status_code == 200
        )  # Django has cached content types and the like now
        with CaptureQueriesContext(connection, ) as captured:  # fmt: skip
            assert client.get(path, headers=headers).status_code == 200
        return len(captured)

    return count


def fill(owner, each: int) -> None:
    """Add ``each`` rows of every state, the finished ones reviewed and by several models."""
    for state in ({}, {"running": True}, {"rejected": True}, {"failed": True}):
        SubmissionFactory.create_batch(each, owner=owner, **state)
    for number in range(each):
        version = ModelVersionFactory(version=f"0.{number}.0")
        done = SubmissionFactory(owner=owner, done__model_version=version)
        ReviewFactory.create_batch(2, submission=done)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("home", 4), ("history", 4), ("upload", 3), ("result", 7), ("result_status", 6)],
)
def test_pages_of_a_person_take_no_more_queries_for_many_rows(
    name, limit, owner, owner_client, submission, queries
):
    args = [submission.pk] if name.startswith("result") else []
    fill(owner, 1)
    headers = HTMX if name == "result_status" else {}
    few = queries(owner_client, reverse(name, args=args), **headers)
    fill(owner, 7)
    ReviewFactory.create_batch(5, submission=submission)
    many = queries(owner_client, reverse(name, args=args), **headers)
    assert few == many
    assert many <= limit


def test_a_page_that_waits_for_many_pictures_takes_no_more_queries(owner, owner_client, queries):
    def path() -> str:
        keys = Submission.objects.filter(status=Status.QUEUED).values_list("pk", flat=True)
        # The page still shows as running what waits by now, so that the answer holds all of it.
        return f"{reverse('waiting')}?{urlencode({'running': list(keys)}, doseq=True)}"

    fill(owner, 1)
    few = queries(owner_client, path(), **HTMX)
    fill(owner, 7)
    assert queries(owner_client, path(), **HTMX) == few <= 3


def test_the_list_of_devices(owner, owner_client, queries):
    def sign_in_elsewhere(times: int) -> None:
        for _ in range(times):
            key = SessionStore()
            key.create()
            UserSession.objects.create(user=owner, session_key=key.session_key, ip="192.0.2.1")

    sign_in_elsewhere(1)
    few = queries(owner_client, reverse("account_devices"))
    sign_in_elsewhere(20)
    assert queries(owner_client, reverse("account_devices")) == few <= 8


@pytest.mark.parametrize("name", ["models", "model", "model_version"])
def test_pages_about_the_networks_take_one_query(name, client, queries, path_of):
    few = queries(client, path_of(name))
    for number in range(7):
        ModelVersionFactory(version=f"0.{number}.0")
    assert queries(client, path_of(name)) == few == 1


@pytest.mark.parametrize("role", ["reviewer", "superuser"])
@pytest.mark.parametrize(
    "name", ["submission_changelist", "submission_change", "review_changelist"]
)
def test_pages_of_the_admin_take_no_more_queries_for_many_rows(
    name, role, owner, browsers, submission, queries
):
    args = [submission.pk] if name.endswith("_change") else []
    path = reverse(f"admin:classifier_{name}", args=args)
    fill(owner, 1)
    few = queries(browsers[role], path)
    fill(owner, 7)
    ReviewFactory.create_batch(5, submission=submission)
    assert queries(browsers[role], path) == few


def test_the_page_of_the_operator_takes_no_more_queries_for_many_rows(owner, browsers, queries):
    fill(owner, 1)
    few = queries(browsers["superuser"], reverse("operation"))
    fill(owner, 7)
    assert queries(browsers["superuser"], reverse("operation")) == few


def test_health_asks_the_database_as_little_as_possible(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(0):
        client.get(reverse("healthz"))
    with django_assert_max_num_queries(1):
        client.get(reverse("readyz"))
