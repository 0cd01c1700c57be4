"""``python -m ml expect``: keep what a bundle must answer about four pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from ml.commands.evaluate import NAME_OR_DIRECTORY, bundle_of
from ml.commands.options import positive
from ml.packaging.bundle import Bundle
from ml.training import process

ORIGIN_RUN = "the float32 weights of the run, before they were stored in the bundle"
ORIGIN_BUNDLE = (
    "the weights that the bundle ships, read by Keras without the code that serves them; "
    "those of its run, before they were stored, are not at hand"
)


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "expect",
        help="keep what a bundle must answer about four pictures",
        description=(
            "Write expected.json beside the bundle: its probabilities for the pictures of "
            "ml/bundles/pictures, computed by Keras without the code that serves them. With --run "
            "by the weights of the run, else by those of the bundle. Give it again after "
            "`calibrate`."
        ),
    )
    parser.add_argument("--bundle", required=True, help=NAME_OR_DIRECTORY)
    parser.add_argument("--run", dest="source", type=Path, help="the bundle was exported from")
    parser.add_argument("--rounds", type=positive, default=1, help="as in `export` (default: 1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compute the answers and write them."""
    write(bundle_of(options.bundle), options.source, options.rounds)


def write(bundle: Bundle, source: Path | None, rounds: int = 1) -> None:
    """Write ``expected.json`` of a bundle from its run's weights, or from its own without a run."""
    process.start()
    from ml.training import expected
    from ml.training.loop import load_best

    if source is None:
        model, origin = expected.load_served(bundle), ORIGIN_BUNDLE
    else:
        model, origin = load_best(source, rounds, bundle.input_size), ORIGIN_RUN
    expected.write(bundle, model, origin)
    Console().print(f"{bundle.name} {bundle.version}: {bundle.expected_path}")
