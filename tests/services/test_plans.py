"""Among a million submissions, queries that run often read their own rows and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classifier.filters import HistoryFilter
from classifier.models import Submission, User
from classifier.services.account.retention import select_expired_submissions
from classifier.services.operation.overview import gather_overview
from classifier.services.operation.snapshot import measure_oldest_seconds, take_snapshot
from classifier.services.operation.tidy import select_named_files
from classifier.services.submissions.claim import claim_submissions
from classifier.services.submissions.sweep import sweep_lost_submissions
from tests.factories import ModelVersionFactory, UserFactory
from tests.services.conftest import empty_tables

ROWS = 1_000_000
#: Only the latest submissions have a prediction, as more of them take time and change no plan.
PREDICTED = 100_000
TABLES = ("classifier_submission", "classifier_prediction")

# There is one submission a minute, and each was finished after ten seconds, but the latest twenty
# have not ended. One in fifty failed, and another was rejected. Keys are made from numbers, so that
# each row knows those that belong to it.
PREDICTIONS = """
    INSERT INTO classifier_prediction (
        id, submission_id, model_version_id, verdict, malignant_probability, confidence,
        probabilities, possible, heat_map, inference_ms, created_at
    )
    SELECT n, lpad(n::text, 32, '0')::uuid, %(model)s, 'benign', 0.1, 0.9,
        '{}', '[]', left(file, 2) || '/' || file || '.png', 17, now()
    FROM generate_series(20, %(predictions)s) AS n, LATERAL (SELECT md5(n::text)) AS names(file)
    WHERE n %% 50 > 1
"""
SUBMISSIONS = """
    INSERT INTO classifier_submission (
        id, owner_id, original_name, image, thumbnail, width, height, status, prediction_id,
        rejection, rejection_values, rejection_reason, failure, failure_reason, failure_detail,
        attempts, alone,
        created_at, queued_at, sent_at, started_at, finished_at, image_type
    )
    SELECT lpad(n::text, 32, '0')::uuid, %(owner)s + n %% 1000, 'mole.jpg',
        left(file, 2) || '/' || file || '.jpg', right(file, 2) || '/' || file || '.jpg', 800, 600,
        CASE WHEN n < 10 THEN 'queued' WHEN n < 20 THEN 'running' WHEN n %% 50 = 0 THEN 'failed'
            WHEN n %% 50 = 1 THEN 'rejected' ELSE 'done' END,
        CASE WHEN n >= 20 AND n %% 50 > 1 THEN n END,
        'blurred', '{}', '', 'gave_up', '', '', 1, false,
        at, at, at, at, CASE WHEN n >= 20 THEN at + interval '10 seconds' END,
        CASE WHEN n %% 10 = 0 THEN 'clinical' WHEN n %% 1000 = 1 THEN 'other' WHEN n %% 2 = 0
            THEN 'dermoscopic' END
    FROM generate_series(1, %(rows)s) AS n,
        LATERAL (SELECT now() - n * interval '1 minute', md5(n::text)) AS row(at, file)
"""
#: This lists all indexes but those of constraints, with the statements that make them.
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


@pytest.fixture(scope="module", autouse=True)
def _million(django_db_setup, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        owners = UserFactory.create_batch(1000)
        names = {
            "owner": owners[0].pk,
            "model": ModelVersionFactory(is_active=True).pk,
            "rows": ROWS,
            "predictions": PREDICTED,
        }
        with connection.cursor() as cursor:
            cursor.execute(INDEXES, [list(TABLES)])
            indexes = dict(cursor.fetchall())
            # It is faster to make indexes anew than to keep them, and no key needs a look-up.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"DROP INDEX {', '.join(indexes)}")
            cursor.execute(PREDICTIONS, names)
            cursor.execute(SUBMISSIONS, names)
            for definition in indexes.values():
                cursor.execute(definition)
            cursor.execute("SET session_replication_role = origin")
            # PostgreSQL does this by itself after so many new rows.
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
        yield
        empty_tables()


def ask(client: Client, name: str, **query: str) -> None:
    client.force_login(UserFactory(admin=True), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(name), query).status_code == 200


def page_of_the_list(**query: str) -> Callable[[Client], object]:
    return lambda client: ask(client, "admin:classifier_submission_changelist", **query)


def claim_one(client: Client) -> None:
    waiting = Submission.objects.filter(status="queued").first()
    assert waiting
    assert claim_submissions(waiting.pk)


QUERIES: dict[str, Callable[[Client], object]] = {
    "figures for monitoring": lambda client: take_snapshot(),
    "whether the queue is too old": lambda client: measure_oldest_seconds(),
    "the operator's page": lambda client: gather_overview(),
    "the list in the admin": page_of_the_list(),
    "the twentieth page of the list": page_of_the_list(p="20"),
    "the list of failures": page_of_the_list(status__exact="failed"),
    "the list of what waits": page_of_the_list(status__exact="queued"),
    "the list of photographs": page_of_the_list(image_type__exact="clinical"),
    "the list of what is something else": page_of_the_list(image_type__exact="other"),
    "the list of what could not be told": page_of_the_list(image_type__isnull="True"),
    "the list of today": page_of_the_list(
        created_at__gte=str(timezone.now() - timedelta(days=1)),
        created_at__lt=str(timezone.now()),
    ),
    "what is too old": lambda client: list(
        select_expired_submissions(timezone.now() - timedelta(days=600))
    ),
    "whether anything is too old": lambda client: list(
        select_expired_submissions(timezone.now() - timedelta(days=6000))
    ),
    "which files of a folder rows name": lambda client: [
        list(rows) for rows in select_named_files("ab")
    ],
    "the sweep": lambda client: sweep_lost_submissions(),
    "what a worker takes": claim_one,
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_reads_all_submissions(db, client, settings, name):
    settings.STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns of a folder that is missing
    with CaptureQueriesContext(connection) as captured:
        QUERIES[name](client)
    asked = [query["sql"] for query in captured if re.search("|".join(TABLES), query["sql"])]
    assert asked
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql.replace('%', '%%')}", [])
            plan = "\n".join(line for (line,) in cursor)
        for table in TABLES:
            assert f"Seq Scan on {table}" not in plan, f"{sql}\n{plan}"


def test_a_page_of_the_history_reads_its_own_rows_and_no_others(db):
    """Ask as `django.core.paginator` does, for the rows of a person who has sent in many."""
    (owner,) = Submission.objects.values_list("owner", flat=True)[:1]
    mine = Submission.objects.owned_by(User.objects.get(pk=owner))
    page = mine.with_result()[400:420].explain()
    assert "submission_history" in page
    assert "Seq Scan on classifier_submission" not in page
    assert "Sort" not in page
    assert "Seq Scan on classifier_submission" not in mine.order_by().explain()
    found = HistoryFilter({"q": "left arm"}, queryset=mine).qs
    for searched in (found[:20].explain(), found.order_by().explain()):
        assert "Seq Scan on classifier_submission" not in searched


def test_a_home_page_reads_its_own_rows_and_no_others(db, client, settings):
    settings.STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns of a folder that is missing
    owner = User.objects.get(pk=Submission.objects.values_list("owner", flat=True)[0])
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("home")).status_code == 200
    asked = [query["sql"] for query in captured if "classifier_submission" in query["sql"]]
    assert len(asked) == 2
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql.replace('%', '%%')}", [])
            plan = "\n".join(line for (line,) in cursor)
        assert "Seq Scan on classifier_submission" not in plan, plan
