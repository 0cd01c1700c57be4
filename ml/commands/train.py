"""``python -m ml train``: train a network, or go on with a run that was stopped."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.architectures import ARCHITECTURES
from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.data.augmentation import AUGMENTATIONS
from ml.data.selection import Selection, select
from ml.taxonomy import LABELS
from ml.training import process, runs
from ml.training.runs import TrainingSettings


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "train",
        help="train a network, or go on with a run that was stopped",
        description=(
            "Train a network. A run that was stopped or killed goes on where it was when the same "
            "command is given again. It restarts itself once with settings of the memory allocator "
            "and of TensorFlow that make a step half as long again as fast."
        ),
    )
    add_options(parser)
    parser.add_argument(
        "--start-from",
        type=Path,
        help="run, or bundle, validated on the same pictures, whose best weights are the first",
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
    parser.add_argument(
        "--validation",
        type=Path,
        help="the validation pictures instead, e.g. validation.csv of an earlier run",
    )
    parser.add_argument(
        "--left-out",
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="sources that are not learnt from but validated on, whole",
    )
    parser.add_argument(
        "--margins",
        type=positive,
        default=0,
        help="margins of training pictures to learn as skin without a lesion",
    )
    defaults = TrainingSettings(architecture="")
    parser.add_argument(
        "--input-size", type=positive, help="side of the pictures, in pixels (default: its own)"
    )
    parser.add_argument("--pretrained", action="store_true", help="start from the ImageNet weights")
    parser.add_argument(
        "--share",
        dest="shares",
        action="append",
        type=_share,
        metavar="DOMAIN=NUMBER",
        help="how much of the passes a source gets, or SOURCE/clinical, SOURCE/other; for all or "
        "none (default: every picture is drawn as often)",
    )
    parser.add_argument(
        "--augmentation",
        choices=AUGMENTATIONS,
        default=defaults.augmentation,
        help="what may happen to a training picture (default: %(default)s)",
    )
    parser.add_argument(
        "--prior-adjustment",
        action="store_true",
        help="learn what speaks for each diagnosis, apart from how common it is in its source",
    )
    share, rate = between(0, 1, inclusive=True), between(0, 1, inclusive=False)
    for name, kind, text in (
        ("passes", positive, "pictures shown in the whole run"),
        ("round_passes", positive, "pictures shown between two validations"),
        ("warm_up", positive, "pictures shown while the learning rate rises"),
        ("decay", share, "share of the passes, at the end, in which it falls"),
        ("batch_size", positive, "pictures a step"),
        ("learning_rate", rate, "the highest"),
        ("weight_decay", share, "of AdamW"),
        ("averaging", share, "share of the moving average of the weights that a step keeps"),
        ("label_smoothing", share, "of the loss"),
        ("class_balance", share, "0: every picture is drawn as often, 1: every class is"),
        ("coarse_weight", share, "how much rarer a picture with an open diagnosis is drawn"),
        ("image_type_weight", share, "of the loss of the kind of picture; 0 does not learn it"),
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


def read_settings(options: argparse.Namespace) -> TrainingSettings:
    """Return the settings that ``options`` ask for."""
    names = TrainingSettings.__dataclass_fields__.keys() - {"earlier", "shares"}
    given = {name: getattr(options, name) for name in names}
    return TrainingSettings(**given, shares=dict(options.shares) if options.shares else None)


def select_pictures(options: argparse.Namespace, left_out: Sequence[str]) -> Selection:
    """Return the pictures that ``options`` ask for, without some sources, and print a summary."""
    selection = select(
        options.data,
        near_duplicates=options.near_duplicates,
        exclude=options.exclude,
        held_out=options.held_out,
        validation_share=options.validation_share,
        seed=options.seed,
        validation=options.validation,
        left_out=left_out,
        margin_number=options.margins,
    )
    Console().print(_summary(selection.report))
    return selection


def run(options: argparse.Namespace) -> None:
    """Train with ``options`` and print the best round."""
    settings, selection = read_settings(options), select_pictures(options, options.left_out)
    process.start()
    from ml.training.loop import train

    train(settings, selection, options.output, options.start_from)
    history = runs.read_history(options.output)
    best = runs.rank_rounds(history)[0]
    Console().print(
        f"Best of {len(history)} rounds: round {best + 1}, with a score of "
        f"{history[best]['score']:.4f} on validation pictures"
    )


def _share(text: str) -> tuple[str, float]:
    domain, _, number = text.partition("=")
    return domain, between(0, 1, inclusive=True)(number)


def _summary(report: dict[str, Any]) -> Table:
    """Return a table with classes as rows, because there are more classes than anything else."""
    columns = {
        "found": report["found"],
        **report["dropped"],
        **{part: report[part] for part in ("training", "validation")},
    }
    table = Table("Pictures", *(name.replace("_", " ") for name in columns))
    for label in (label for label in LABELS if label in report["found"]):
        table.add_row(label, *(str(count.get(label, 0)) for count in columns.values()))
    return table
