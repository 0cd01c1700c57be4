"""Print what became of 1,000 uploads; the status is 1 where something is not as it should be."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from tests.chaos.harm import Harm
from tests.chaos.run import run

#: A site is asked to end so many times.
ENDINGS = 30


def main(uploads: int) -> int:
    harm = Harm()
    report = run(uploads, harm, ENDINGS)
    table = Table("what", "how often", "goal", title=f"{uploads} uploads to a site in trouble")
    for name, number in harm._asdict().items():
        table.add_row(name.replace("_", " "), str(number), "")
    table.add_section()
    for name, number in report.counts.items():
        table.add_row(name, str(number), "0" if name in report.goals else "")
    Console(width=100).print(table)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
