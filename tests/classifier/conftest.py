"""Every test has a site to itself, with files, cache and messages of its own, and its people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from classifier import predictors
from classifier.models import Submission, User
from classifier.services.submissions.dispatch import ANALYSE_TASK
from ml.packaging.bundle import find
from skinsite.celery import app
from tests.classifier.addresses import Paths
from tests.classifier.fakes import FakeAnalyst
from tests.factories import ModelVersionFactory, ReviewFactory, SubmissionFactory, UserFactory


@pytest.fixture(autouse=True, scope="session")
def _static_files() -> None:
    """Make the folder of ``collectstatic``, because WhiteNoise warns of one that is missing."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    """Return an empty folder for the stored pictures."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def _no_attempts_counted() -> None:
    """Clear the cache, because it counts attempts for the rate limits and outlives a test."""
    cache.clear()


@pytest.fixture
def sent() -> list[str]:
    """Return the keys that have been sent to the workers to be analysed so far."""
    return []


@pytest.fixture(autouse=True)
def messages(monkeypatch: pytest.MonkeyPatch, sent: list[str]) -> list[tuple[str, list]]:
    """Return name and arguments of each task sent to the workers, of which none leaves the test."""
    messages: list[tuple[str, list]] = []

    def send_task(name: str, args: list, **options: object) -> None:
        messages.append((name, args))
        if name == ANALYSE_TASK:
            sent.extend(args)

    monkeypatch.setattr(app, "send_task", send_task)
    return messages


@pytest.fixture
def analyst(db, monkeypatch: pytest.MonkeyPatch) -> FakeAnalyst:
    """Let the worker have loaded a network of an active version that answers at once."""
    fake = FakeAnalyst()
    model_version = ModelVersionFactory(is_active=True)
    monkeypatch.setattr(predictors, "load_active_analyst", lambda: (model_version, fake))
    return fake


@pytest.fixture
def stored_files(media: Path) -> Callable[[], list[Path]]:
    return lambda: sorted(path for path in media.rglob("*") if path.is_file())


@pytest.fixture
def owner(db) -> User:
    return UserFactory()


@pytest.fixture
def other(db) -> User:
    return UserFactory()


@pytest.fixture
def reviewer(db) -> User:
    """Return a clinician, who is in the group of the migrations and may enter the admin."""
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name="reviewers"))
    return user


@pytest.fixture
def reviewer_client(reviewer: User, login: Callable[[User], Client]) -> Client:
    return login(reviewer)


@pytest.fixture
def staff(db) -> User:
    """Return a person who may enter the admin and nothing more."""
    return UserFactory(is_staff=True)


@pytest.fixture
def superuser(db) -> User:
    return UserFactory(admin=True)


@pytest.fixture
def login() -> Callable[[User], Client]:
    """Return a browser in which ``user`` is logged in."""

    def browser(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browser


@pytest.fixture
def owner_client(owner: User, login: Callable[[User], Client]) -> Client:
    return login(owner)


@pytest.fixture
def submission(owner: User) -> Submission:
    """Return a finished submission of ``owner``, judged by the active model and reviewed once."""
    ModelVersionFactory(is_active=True, sha256=find("seven-stage").sha256)
    return ReviewFactory(submission=SubmissionFactory(owner=owner, done__explained=True)).submission


@pytest.fixture
def browsers(request: pytest.FixtureRequest, db) -> Mapping[str, Client]:
    """Return a browser of each kind of person, logged in when it is first asked for."""

    class Browsers(dict[str, Client]):
        def __missing__(self, role: str) -> Client:
            log_in = request.getfixturevalue("login")
            person = role != "anonymous" and request.getfixturevalue(role)
            self[role] = log_in(person) if person else Client()
            return self[role]

    return Browsers()


@pytest.fixture
def path_of(submission: Submission) -> Paths:
    return Paths(submission)
