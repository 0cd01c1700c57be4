"""``python -m ml ablate``: measure what each choice in training is worth."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml import backend, runs
from ml.bundle import Bundle
from ml.commands import train

RESULTS = "ablations.json"
TITLE = "Short runs on the same pictures with one choice changed, scored on validation pictures"


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "ablate",
        help="measure what each choice in training is worth",
        description=(
            "Train the network that the options describe, and again with one choice changed at a "
            "time; score all of them on the validation pictures; write ablations.json. What was "
            "stopped goes on when the same command is given again."
        ),
    )
    train.add_options(parser)
    parser.add_argument("--record", type=Path, help="bundle whose model.json takes the results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, score, write the results and print them."""
    settings, selection = train.read_options(options)
    backend.start_for_training()
    from ml import ablation

    rows = ablation.run(settings, selection, options.output)
    results = {"title": TITLE, "command": _command(), "rows": rows}
    runs.write_json(options.output / RESULTS, results)
    if options.record:
        Bundle.read(options.record).record({"ablations": results})
    metrics = list(rows[0]["scores"])
    table = Table("changed", *(name.replace("_", " ") for name in metrics), title=TITLE)
    for row in rows:
        table.add_row(row["changed"], *(f"{row['scores'][name]:.4f}" for name in metrics))
    console = Console()
    console.width = max(console.width, 160)
    console.print(table)


def _command() -> str:
    """The command with the last part of each path: what to give again, nothing of the machine."""
    return shlex.join(
        ["python", "-m", "ml", *(Path(part).name if "/" in part else part for part in sys.argv[1:])]
    )
