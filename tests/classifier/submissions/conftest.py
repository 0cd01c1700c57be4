"""What tests of a result's page share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifier.models import Submission
from tests.classifier.addresses import address
from tests.classifier.markup import HTMX


@pytest.fixture
def show(owner_client) -> Callable[..., str]:
    """Return a function that gives the page of a result, or what a waiting page is answered."""

    def page(submission: Submission, name: str = "result") -> str:
        headers = HTMX if name == "result_status" else {}
        answer = owner_client.get(address(name, submission), headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    return page
