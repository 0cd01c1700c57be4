"""This sends a few damaged files and forms; ``make fuzz`` sends twenty thousand."""

from __future__ import annotations

from tests.fuzz.run import run


def test_damaged_files_and_forms_are_answered_with_a_sentence():
    report = run(300)
    assert report.wrong == []
    assert report.states.keys() <= {"done", "rejected"}
    assert report.states["done"]
    assert report.answers[422]
    assert report.answers[201] + report.answers[302]
