"""``python -m ml card``: write the card of a bundle."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from rich.console import Console

from ml import card
from ml.commands.evaluate import NAME_OR_DIRECTORY, bundle_of


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "card",
        help="write the card of a bundle",
        description=(
            "Write what a bundle is for, learnt from, reaches and does not know, into the bundle, "
            "from where the site shows it."
        ),
    )
    parser.add_argument("--bundle", required=True, help=NAME_OR_DIRECTORY)
    parser.add_argument("--output", type=Path, help="second Markdown file, e.g. in docs/")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the card; a second file addresses the figures relative to its own place."""
    bundle = bundle_of(options.bundle)
    bundle.card_path.write_text(card.render(bundle), encoding="utf-8")
    Console().print(f"{bundle.name} {bundle.version}: {bundle.card_path}")
    if options.output is None:
        return
    root = options.output.resolve().parent
    figures = Path(os.path.relpath(bundle.report_directory.resolve(), root)).as_posix()
    options.output.write_text(card.render(bundle, figures), encoding="utf-8")
    Console().print(f"the same: {options.output}")
