"""These tests use one site over HTTP, with PostgreSQL and Redis behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import QuerySet

from classifier.models import Submission
from tests.lesions import judged
from tests.services.conftest import LIMITS
from tests.services.processes import Broker
from tests.site import Client, Site

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> Iterator[Broker]:
    one = Broker(tmp_path_factory.mktemp("broker"))
    yield one
    one.kill()


@pytest.fixture(scope="module")
def site(kept_database, broker, tmp_path_factory) -> Iterator[Site]:
    services = {"DATABASE_URL": kept_database, "REDIS_URL": broker.url}
    data = tmp_path_factory.mktemp("site") / "data"
    with Site(data, LOG_FORMAT="json", **services, **LIMITS) as running:
        yield running
        assert not (data / "db.sqlite3").exists()


@pytest.fixture
def person(site, request) -> Client:
    """Return a person who has just signed up."""
    client = Client(site.address)
    client.sign_up(f"{request.node.name}@example.org")
    return client


def sent_by(person: Client) -> QuerySet[Submission]:
    return Submission.objects.filter(owner__email=person.email)


def wait_for_result(person: Client, path: str) -> None:
    deadline = time.monotonic() + 60
    while "The network says" not in person.get(path).text:
        assert time.monotonic() < deadline, person.get(path).text
        time.sleep(0.1)


def stored_files(site: Site) -> set[Path]:
    return {path for path in (site.data_dir / "media").rglob("*") if path.is_file()}


def test_a_person_uploads_sees_the_result_and_deletes_it(site, person):
    before = stored_files(site)
    path = person.upload([("mole.png", judged(extension="png"))]).url.removeprefix(site.address)
    wait_for_result(person, path)
    submission = sent_by(person).get()
    assert submission.attempts == submission.predictions.count() == 1
    assert person.get(path + "image/").headers["Content-Type"] == "image/png"
    assert len(stored_files(site) - before) == 3
    assert person.post(path + "delete/", {}).url.endswith("/history/")
    assert person.get(path).status_code == 404
    assert not sent_by(person).exists()
    assert stored_files(site) == before


def read_events(site: Site) -> dict[str, dict]:
    """Return the events that the processes have logged, by process and event."""
    events = {}
    for line in site.log.read_text().splitlines():
        process, _, event = line.partition("| ")
        if event.startswith("{"):
            told = json.loads(event)
            events[f"{process.strip()} {told['event']}"] = told
    return events


def test_the_worker_tells_for_which_request_it_works(site, person):
    path = person.upload([("mole.jpg", judged())]).url.removeprefix(site.address)
    wait_for_result(person, path)
    key = sent_by(person).get().pk
    deadline = time.monotonic() + 10
    while f"worker {key} is done" not in (events := read_events(site)):
        # The result is shown as soon as it is written, which is before the log tells of it.
        assert time.monotonic() < deadline, events.keys()
        time.sleep(0.1)
    queued, done = events[f"web {key} is queued"], events[f"worker {key} is done"]
    assert queued["request_id"] == done["request_id"]
    assert done["task_id"]


def test_what_is_uploaded_while_the_broker_is_away_is_analysed_later(site, broker, person):
    try:
        for take_away, pictures in ((broker.halt, 1), (broker.kill, 3)):
            take_away()
            began = time.monotonic()
            answer = person.upload([(f"{n}.jpg", judged(n)) for n in range(pictures)])
            assert answer.status_code == 200
            assert time.monotonic() - began < 15
        assert list(sent_by(person).values_list("status", flat=True)) == ["queued"] * 4
        assert site.failing() == ["broker"]
        assert person.get("/readyz").ok
    finally:
        broker.kill()
        broker.start()
    for submission in sent_by(person):
        wait_for_result(person, f"/results/{submission.pk}/")
    assert all(submission.predictions.count() == 1 for submission in sent_by(person))
    assert site.failing() == []
