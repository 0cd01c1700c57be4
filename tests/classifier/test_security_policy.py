"""Every test that SECURITY.md names as a proof is there."""

from __future__ import annotations

import re

import pytest

from tests.site import ROOT

PROOFS = re.findall(r"`(test_\w+\.py)::(test_\w+)`", (ROOT / "SECURITY.md").read_text())


def test_there_are_proofs():
    assert len(PROOFS) > 20


@pytest.mark.parametrize(("file", "name"), sorted(set(PROOFS)))
def test_a_test_that_is_named_as_a_proof_exists(file, name):
    texts = [path.read_text() for path in (ROOT / "tests").rglob(file)]
    assert any(f"\ndef {name}(" in text for text in texts)
