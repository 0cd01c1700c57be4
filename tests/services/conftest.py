"""These tests need real PostgreSQL, Redis and worker processes, and fail without them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import boto3
import pytest
import redis
from django.core.management import call_command
from django.db import connection
from moto.server import ThreadedMotoServer

from classifier.models import Status, Submission
from tests.services.processes import Broker, Process
from tests.site import free_port

BUCKET = "pictures"
#: These times are short enough to watch a worker being given up, and long for a slow machine.
LIMITS = {"ANALYSIS_TIME_LIMIT": "6", "SWEEP_EVERY": "1", "MESSAGE_LOST_AFTER": "2"}


@pytest.fixture(scope="session", autouse=True)
def _services() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if missing:
        pytest.exit(f"{' and '.join(missing)} must be set. Run: make test-services", returncode=1)


def database_url(name: str) -> str:
    """Return the address of the database ``name`` beside the one in ``DATABASE_URL``."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def database(transactional_db) -> str:
    """Return the address of the tests' own database, empty but for the shipped models."""
    call_command("register_models", verbosity=0)
    return database_url(connection.settings_dict["NAME"])


@pytest.fixture(scope="module")
def kept_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Return the same for all tests of a module, which use one site and may only read from it."""
    with django_db_blocker.unblock():
        call_command("register_models", verbosity=0)
        yield database_url(connection.settings_dict["NAME"])
        empty_tables()


def empty_tables() -> None:
    """Delete all that people and models have left, but not what migrations wrote."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE classifier_user, classifier_modelversion CASCADE")


@pytest.fixture
def queue() -> redis.Redis:
    """Return the tests' Redis, empty."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    return client


@pytest.fixture
def start(database, queue, tmp_path) -> Iterator[Callable[..., Process]]:
    """Return a function that starts ``celery --app COMMAND`` processes, which end with the test."""
    shared = LIMITS | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with ExitStack() as stack:

        def run(command: str, **environment: str) -> Process:
            celery = [sys.executable, "-m", "celery", "--quiet", "--app", *command.split()]
            log = tmp_path / f"{len(list(tmp_path.iterdir()))}.log"
            return stack.enter_context(Process(celery, log, shared | environment))

        yield run


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    yield one
    one.kill()


@pytest.fixture
def wait_for() -> Callable[[Submission, Status], None]:
    """Return a function that waits until a submission has a status."""

    def wait(submission: Submission, status: Status, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            submission.refresh_from_db()
            if submission.status == status:
                return
            time.sleep(0.05)
        pytest.fail(
            f"Expected {status}. Received: {submission.status}, {submission.failure_detail}"
        )

    return wait


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def store(endpoint):
    """Return the store, with an empty bucket."""
    names = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **names)
    client.create_bucket(Bucket=BUCKET)
    return client
