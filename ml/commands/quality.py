"""``python -m ml quality``: count what the limits of the quality of pictures refuse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.commands.options import SOURCE, positive
from ml.data.manifest import read_samples
from ml.files import write_json
from ml.judging.quality import HIGHEST, LOWEST

SEED = 20265


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "quality",
        help="count what the limits of the quality of pictures refuse",
        description=(
            "Measure pictures of each source as a worker does before the network sees them, and "
            "count what share each limit of ml/judging/quality.py refuses. The limits are chosen "
            "from this. Needs no network."
        ),
    )
    parser.add_argument("--data", required=True, nargs="+", type=Path, help=SOURCE)
    parser.add_argument(
        "--pictures", type=positive, default=1000, help="of each source (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, help="JSON file of the shares and quantiles")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print the shares and write them with the quantiles."""
    from ml.measuring.quality_limits import QUANTILES, drawn, measure_all, shares_refused

    samples = [sample for path in options.data for sample in read_samples(path)]
    results = {
        name: shares_refused(measure_all(chosen))
        for name, chosen in drawn(samples, options.pictures, SEED).items()
    }
    if options.output:
        write_json(options.output, {"quantiles": QUANTILES, "sources": results})
    _show(results)


def _show(results: dict[str, Any]) -> None:
    limits = {name: f"{name} < {lowest}" for name, (_, lowest) in LOWEST.items()}
    limits |= {name: f"{name} > {highest}" for name, (_, highest) in HIGHEST.items()}
    table = Table("refused", *results)
    table.add_row("pictures", *(str(found["pictures"]) for found in results.values()))
    for name, title in limits.items():
        table.add_row(title, *(f"{found['each'][name]:.4f}" for found in results.values()))
    table.add_row("by any", *(f"{found['any']:.4f}" for found in results.values()))
    console = Console()
    console.width = max(console.width, 160)
    console.print(table)
