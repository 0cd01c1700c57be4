"""Two accounts besiege a site for seconds here, and eight for two minutes with ``make siege``."""

from __future__ import annotations

from tests.siege.__main__ import figures
from tests.siege.run import run


def test_a_siege_costs_nobody_an_answer_and_no_container_its_memory():
    report = run(10, accounts=2)
    # A busy machine says nothing of how long answers take.
    missed = [one for one in figures(report) if not one.reached and not one.goal.endswith(" s")]
    assert missed == [], (report.person.troubles, report.wrong)
    assert report.person.seconds["upload"]
    assert report.statuses
    assert report.watch.files["web"] > 10_000_000
    assert all(report.watch.peaks.values())
