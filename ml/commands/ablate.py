"""``python -m ml ablate``: measure what each choice in training is worth."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.commands import train
from ml.errors import InputError
from ml.files import write_json
from ml.packaging.bundle import Bundle
from ml.training import process
from ml.training.variants import VARIANTS

RESULTS = "ablations.json"
TITLE = "Short runs with one choice changed, each scored on a source that it did not learn from"


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "ablate",
        help="measure what each choice in training is worth on a source left out",
        description=(
            "Train the network that the options describe, and again with one choice changed at a "
            "time, each without one of the sources in turn; score all on the source that was left "
            "out; write ablations.json. What was stopped goes on when the same command is given "
            "again."
        ),
    )
    train.add_options(parser)
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=VARIANTS,
        default=["base"],
        help="what to change, beside nothing (default: %(default)s)",
    )
    parser.add_argument("--record", type=Path, help="bundle whose model.json takes the results")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, score, write the results and print them."""
    if not options.left_out:
        raise InputError("Name the sources to leave out in turn: --left-out SOURCE ...")
    settings = train.read_settings(options)
    process.start()
    from ml.training import ablation

    rows = ablation.run(
        settings,
        lambda source: train.select_pictures(options, [source]),
        options.output,
        options.left_out,
        options.variants,
    )
    results = {"title": TITLE, "command": _command(), "rows": rows}
    write_json(options.output / RESULTS, results)
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
    """Return the command that gives the same results again.

    Of each path only the last part is kept, so that the command tells nothing of the machine.
    """
    return shlex.join(
        ["python", "-m", "ml", *(Path(part).name if "/" in part else part for part in sys.argv[1:])]
    )
