"""Print how a siege of two minutes went; the status is 1 where a goal was missed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.bench.load import p95
from tests.siege.person import Person
from tests.siege.run import Report, run

ACCOUNTS = 8
#: Pages come within this many seconds, 19 of 20, and every small picture is accepted within those.
SLOWEST_PAGE, SLOWEST_UPLOAD = 1.0, 3.0
#: A worker has fewer bytes than these, whatever it is given.
WORKER = 1_600_000_000


class Figure(NamedTuple):
    """This is one line of the table, and whether its goal was reached."""

    what: str
    measured: str
    goal: str = ""
    reached: bool = True


def figures(report: Report) -> Iterator[Figure]:
    yield from _met_by_the_person(report)
    for attack, statuses in report.statuses.items():
        told = ", ".join(f"{number} of {status}" for status, number in sorted(statuses.items()))
        yield Figure(f"attackers, answers: {attack}", told)
    yield _none("attackers, answers of 5xx, other than 503 and why", len(report.wrong))
    for name, peak in report.watch.peaks.items():
        limit = report.watch.containers[name].limit
        yield _below(f"memory of {name}, peak", peak / 1e6, limit / 1e6, "MB")
    worker = report.watch.peaks["worker"] / 1e6
    yield _below("... of worker, and what it needs at most", worker, WORKER / 1e6, "MB")
    yield Figure("temporary files of web, peak", f"{report.watch.files['web'] / 1e6:.0f} MB")


def _met_by_the_person(report: Report) -> Iterator[Figure]:
    pages, sign_ins, uploads = _seconds(report.person)
    calm_pages, calm_sign_ins, calm_uploads = _seconds(report.before)
    yield _below("a person's pages, p95", p95(pages), SLOWEST_PAGE, "s")
    yield Figure("... and before the siege", f"{p95(calm_pages):.2f} s")
    yield Figure("... and the slowest", f"{max(pages):.2f} s")
    yield _below("a person's sign-ins, p95", p95(sign_ins), SLOWEST_PAGE, "s")
    yield Figure("... and before the siege", f"{p95(calm_sign_ins):.2f} s")
    yield _below("a person's small uploads, the slowest", max(uploads), SLOWEST_UPLOAD, "s")
    yield Figure("... and before the siege", f"{max(calm_uploads):.2f} s")
    yield Figure("... and how many", str(len(report.person.seconds["upload"])))
    yield _none("a person's requests that failed", len(report.person.troubles))


def _seconds(person: Person) -> list[list[float]]:
    """Return how long pages, sign-ins and uploads took."""
    found = [person.seconds[what] for what in ("page", "sign-in", "upload")]
    # Hardly any answers are as bad as slow ones.
    return [times if len(times) > 1 else [inf, inf] for times in found]


def _below(what: str, measured: float, limit: float, unit: str) -> Figure:
    digits = 2 if unit == "s" else 0
    told = f"{measured:.{digits}f} {unit}"
    return Figure(what, told, f"< {limit:.0f} {unit}", measured < limit)


def _none(what: str, number: int) -> Figure:
    return Figure(what, str(number), "0", not number)


def main(seconds: float) -> int:
    report = run(seconds, ACCOUNTS)
    title = f"{ACCOUNTS} accounts and strangers attack for {seconds:.0f} seconds"
    table = Table("what", "measured", "goal", "", title=title)
    found = list(figures(report))
    for figure in found:
        table.add_row(figure.what, figure.measured, figure.goal, "" if figure.reached else "MISSED")
    console = Console(width=110)
    console.print(table)
    for problem in [*report.person.troubles, *report.wrong][:20]:
        console.print(problem, markup=False)
    return 0 if all(figure.reached for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0))
