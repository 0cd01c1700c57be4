"""Print what came of 20,000 damaged files; the status is 1 where an answer was wrong."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from tests.fuzz.run import run


def main(count: int) -> int:
    report = run(count)
    console = Console(width=100)
    table = Table("what", "how often", "goal", title=f"{count} damaged files and their forms")
    for status, number in sorted(report.answers.items()):
        table.add_row(f"answers of {status}", str(number), "")
    table.add_row("answers of 5xx, or without a sentence", str(len(report.wrong)), "0")
    for state, number in sorted(report.states.items()):
        table.add_row(f"submissions {state}", str(number), "0" if state in WAITING else "")
    for process, megabytes in report.memory.items():
        told = ", ".join(map(str, megabytes))
        table.add_row(f"MB of the {process}, tenth by tenth", told, "bounded")
    console.print(table)
    for problem in report.wrong[:20]:
        console.print(problem, markup=False)
    return 1 if report.wrong or WAITING & report.states.keys() else 0


WAITING = {"queued", "running"}

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
