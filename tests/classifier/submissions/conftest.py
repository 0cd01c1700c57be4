"""What tests of a result's page and of the history share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from classifier.models import Submission
from tests.classifier.addresses import address
from tests.classifier.markup import HTMX
from tests.factories import SubmissionFactory

LINK = re.compile(r'class="to-result" href="/results/([0-9a-f-]{36})/"')
NEWEST_FIRST = ["queued", "running", "failed", "sure benign", "benign", "malignant"]


@pytest.fixture
def show(owner_client) -> Callable[..., str]:
    """Return a function that gives the page of a result, or what a waiting page is answered."""

    def page(submission: Submission, name: str = "result") -> str:
        headers = HTMX if name == "result_status" else {}
        answer = owner_client.get(address(name, submission), headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


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
