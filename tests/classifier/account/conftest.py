"""Tests of accounts can halt the clock."""

from __future__ import annotations

import pytest
from django.utils import timezone


@pytest.fixture
def _time_stands_still(time_machine) -> None:
    """Halt the clock, so that a test does all at one time however slow the machine is."""
    time_machine.move_to(timezone.now(), tick=False)
