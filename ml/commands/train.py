"""``python -m ml train``: train a network, or go on with a run that was stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml import backend, runs
from ml.architectures import ARCHITECTURES
from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.runs import Settings
from ml.selection import select
from ml.taxonomy import BINARY_CLASSES


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "train",
        help="train a network, or go on with a run that was stopped",
        description=(
            "Train a network. A run that was stopped or killed goes on after its last finished "
            "epoch when the same command is given again."
        ),
    )
    parser.add_argument("--architecture", required=True, choices=ARCHITECTURES)
    parser.add_argument("--data", required=True, type=Path, help=f"training set: {SOURCE}")
    parser.add_argument("--output", required=True, type=Path, help="directory of the run")
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    parser.add_argument(
        "--exclude", type=Path, help="CSV of pictures not to train on, with the column path"
    )
    parser.add_argument(
        "--held-out",
        type=Path,
        nargs="+",
        default=[],
        help="sets to measure on later; near-duplicates of their pictures are dropped",
    )
    parser.add_argument(
        "--validation-share",
        type=between(0, 1, inclusive=False),
        default=0.1,
        help="share of each class that chooses the best epoch (default: %(default)s)",
    )
    defaults = Settings(architecture="")
    share, rate = between(0, 1, inclusive=True), between(0, 1, inclusive=False)
    for name, kind, text in (
        ("epochs", positive, "length of the learning-rate schedule"),
        ("patience", positive, "epochs without a better validation loss before stopping"),
        ("batch_size", positive, "pictures a step"),
        ("learning_rate", rate, "peak of the schedule"),
        ("weight_decay", share, "of AdamW"),
        ("label_smoothing", share, "of the loss"),
        ("seed", positive, "of the split, the first weights, order and augmentation"),
        ("workers", positive, "threads that augment"),
    ):
        option = f"--{name.replace('_', '-')}"
        default = getattr(defaults, name)
        parser.add_argument(option, type=kind, default=default, help=f"{text} (default: {default})")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default=defaults.precision,
        help="mixed_bfloat16 is faster on processors that have it (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train with ``options`` and print the best epoch."""
    settings = Settings(**{name: getattr(options, name) for name in Settings.__dataclass_fields__})
    selection = select(
        options.data,
        near_duplicates=options.near_duplicates,
        exclude=options.exclude,
        held_out=options.held_out,
        validation_share=options.validation_share,
        seed=options.seed,
    )
    console = Console()
    console.print(_summary(selection.report))
    backend.start()
    from ml.training import train

    train(settings, selection, options.output)
    history = runs.read_history(options.output)
    best = runs.best_epoch(history)
    scores = ", ".join(
        f"{name.removeprefix('val_')} {value:.4f}"
        for name, value in history[best].items()
        if name.startswith("val_")
    )
    console.print(f"Best of {len(history)} epochs: epoch {best + 1}; on validation {scores}")


def _summary(report: dict[str, Any]) -> Table:
    table = Table("Pictures", *BINARY_CLASSES)
    rows = {"found": report["found"]}
    rows |= {f"dropped: {reason}": count for reason, count in report["dropped"].items()}
    rows |= {part: report[part] for part in ("training", "validation")}
    for name, count in rows.items():
        table.add_row(name.replace("_", " "), *(str(count[label]) for label in BINARY_CLASSES))
    return table
