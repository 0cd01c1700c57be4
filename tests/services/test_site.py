"""The site over HTTP, with PostgreSQL and Redis behind it."""

from __future__ import annotations

import json
import os
import time

import pytest

from classifier.models import Submission
from tests.lesions import judged
from tests.services.conftest import LIMITS
from tests.site import Client, Site


@pytest.fixture
def client():
    """A person who has just signed up."""

    def sign_up(site: Site) -> Client:
        person = Client(site.address)
        person.sign_up("person@example.org")
        return person

    return sign_up


def wait_for_result(client: Client, path: str) -> None:
    deadline = time.monotonic() + 60
    while "The network says" not in client.get(path).text:
        assert time.monotonic() < deadline, client.get(path).text
        time.sleep(0.1)


def test_a_person_uploads_sees_the_result_and_deletes_it(database, queue, tmp_path, client):
    with Site(tmp_path / "data", DATABASE_URL=database, REDIS_URL=os.environ["REDIS_URL"]) as site:
        person = client(site)
        path = person.upload([("mole.png", judged(extension="png"))]).url.removeprefix(site.address)
        wait_for_result(person, path)
        submission = Submission.objects.get()
        assert submission.attempts == submission.predictions.count() == 1
        assert person.get(path + "image/").headers["Content-Type"] == "image/png"
        assert not (site.data_dir / "db.sqlite3").exists()
        assert person.post(path + "delete/", {}).url.endswith("/history/")
        assert person.get(path).status_code == 404
        assert not Submission.objects.exists()
        kept = [p for p in (site.data_dir / "media").rglob("*") if p.is_file()]
        # The figures of the models' cards are nobody's.
        assert [p for p in kept if "models" not in p.parts] == []


def test_the_worker_tells_for_which_request_it_works(database, queue, tmp_path, client):
    services = {"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]}
    with Site(tmp_path / "data", LOG_FORMAT="json", **services) as site:
        person = client(site)
        path = person.upload([("mole.jpg", judged())]).url.removeprefix(site.address)
        wait_for_result(person, path)
    told: dict[str, dict] = {}
    for line in site.log.read_text().splitlines():
        process, _, event = line.partition("| ")
        if event.startswith("{") and (event := json.loads(event)):
            told[f"{process.strip()} {event['event']}"] = event
    key = Submission.objects.get().pk
    queued, done = told[f"web {key} is queued"], told[f"worker {key} is done"]
    assert queued["request_id"] == done["request_id"]
    assert done["task_id"]


def test_what_is_uploaded_while_the_broker_is_away_is_analysed_later(
    database, broker, tmp_path, client
):
    with Site(tmp_path / "data", DATABASE_URL=database, REDIS_URL=broker.url, **LIMITS) as site:
        person = client(site)
        for take_away, pictures in ((broker.halt, 1), (broker.kill, 3)):
            take_away()
            began = time.monotonic()
            answer = person.upload([(f"{n}.jpg", judged(n)) for n in range(pictures)])
            assert answer.status_code == 200
            assert time.monotonic() - began < 15
        assert list(Submission.objects.values_list("status", flat=True)) == ["queued"] * 4
        assert site.failing() == ["broker"]
        assert person.get("/readyz").ok

        broker.start()
        for submission in Submission.objects.all():
            wait_for_result(person, f"/results/{submission.pk}/")
        assert all(s.predictions.count() == 1 for s in Submission.objects.all())
        assert site.failing() == []
