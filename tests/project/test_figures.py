"""The documentation names figures by the rows of `make bench`, which are there."""

from __future__ import annotations

import re

from tests.site import ROOT


def test_every_row_that_is_named_is_measured():
    named = re.findall(r'the row "([^"]+)"', (ROOT / "docs" / "production.md").read_text())
    measured = "".join(path.read_text() for path in (ROOT / "tests" / "bench").glob("*.py"))
    assert named
    assert [row for row in named if f'yield "{row}' not in measured] == []
