"""``python -m ml train``: train a network, or go on with a run that was stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml import backend, runs
from ml.architectures import ARCHITECTURES
from ml.augmentation import AUGMENTATIONS
from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.runs import Settings
from ml.selection import Selection, select
from ml.taxonomy import LABELS


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
    add_options(parser)
    parser.add_argument(
        "--start-from",
        type=Path,
        help="run with the same data whose best weights are the first ones",
    )
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add everything that decides how a run goes."""
    parser.add_argument("--architecture", required=True, choices=ARCHITECTURES)
    parser.add_argument(
        "--data", required=True, type=Path, nargs="+", help=f"training sets: {SOURCE}"
    )
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
        help="sets to measure on later; whatever shows one of their lesions is dropped",
    )
    parser.add_argument(
        "--validation-share",
        type=between(0, 1, inclusive=False),
        default=0.1,
        help="share of each class that chooses the best epoch (default: %(default)s)",
    )
    defaults = Settings(architecture="")
    parser.add_argument(
        "--input-size", type=positive, help="side of the pictures, in pixels (default: its own)"
    )
    parser.add_argument("--pretrained", action="store_true", help="start from the ImageNet weights")
    parser.add_argument(
        "--train-from",
        metavar="LAYER",
        help="keep the weights of all layers before this one, e.g. block_5",
    )
    parser.add_argument(
        "--augmentation",
        choices=AUGMENTATIONS,
        default=defaults.augmentation,
        help="what may happen to a training picture (default: %(default)s)",
    )
    share, rate = between(0, 1, inclusive=True), between(0, 1, inclusive=False)
    for name, kind, text in (
        ("epochs", positive, "length of the learning-rate schedule"),
        ("patience", positive, "epochs without a better validation loss before stopping"),
        ("batch_size", positive, "pictures a step"),
        ("learning_rate", rate, "peak of the schedule"),
        ("weight_decay", share, "of AdamW"),
        ("label_smoothing", share, "of the loss"),
        ("class_balance", share, "0: every picture counts the same, 1: every class does"),
        ("coarse_weight", share, "how much a picture with an open diagnosis counts"),
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


def read_options(options: argparse.Namespace) -> tuple[Settings, Selection]:
    """Return the settings and the pictures that ``options`` ask for, and print the latter."""
    names = Settings.__dataclass_fields__.keys() - {"earlier"}
    settings = Settings(**{name: getattr(options, name) for name in names})
    selection = select(
        options.data,
        near_duplicates=options.near_duplicates,
        exclude=options.exclude,
        held_out=options.held_out,
        validation_share=options.validation_share,
        seed=options.seed,
    )
    Console().print(_summary(selection.report))
    return settings, selection


def run(options: argparse.Namespace) -> None:
    """Train with ``options`` and print the best epoch."""
    settings, selection = read_options(options)
    backend.start_for_training()
    from ml.training import train

    train(settings, selection, options.output, options.start_from)
    history = runs.read_history(options.output)
    best = runs.best_epoch(history)
    scores = ", ".join(
        f"{name.removeprefix('val_')} {value:.4f}"
        for name, value in history[best].items()
        if name.startswith("val_")
    )
    Console().print(f"Best of {len(history)} epochs: epoch {best + 1}; on validation {scores}")


def _summary(report: dict[str, Any]) -> Table:
    labels = [label for label in LABELS if label in report["found"]]
    table = Table("Pictures", *labels)
    rows = {"found": report["found"]}
    rows |= {f"dropped: {reason}": count for reason, count in report["dropped"].items()}
    rows |= {part: report[part] for part in ("training", "validation")}
    for name, count in rows.items():
        table.add_row(name.replace("_", " "), *(str(count.get(label, 0)) for label in labels))
    return table
