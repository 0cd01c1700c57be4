"""``python -m ml manifest``: write a manifest of a collection, whole or split by lesion."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.dataset import split, twins_of
from ml.errors import InputError
from ml.manifest import read_pairs, read_samples, write_manifest
from ml.selection import counts
from ml.sources import class_folders, table


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "manifest",
        help="write a manifest of a collection, whole or split by lesion",
        description=(
            "Write a CSV path,diagnosis,lesion_id,... of class folders, of HAM10000's metadata "
            "or of the ground truth of an ISIC challenge."
        ),
    )
    parser.add_argument(
        "collection", type=Path, help="directory with one folder per class, or the table"
    )
    parser.add_argument("--output", required=True, type=Path, help="manifest to write")
    parser.add_argument("--source", required=True, help="name of the collection, e.g. ham10000")
    parser.add_argument(
        "--images", type=Path, help="directory of a table's pictures (default: images/ beside it)"
    )
    parser.add_argument(
        "--aspect", help="width over height the pictures had before they were squashed, e.g. 1.333"
    )
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    parser.add_argument(
        "--without-twins-of",
        type=Path,
        help=f"leave out near-duplicates of these pictures: {SOURCE}",
    )
    parser.add_argument(
        "--held-out", type=Path, help="second manifest, of whole lesions that --output leaves out"
    )
    parser.add_argument(
        "--held-out-share",
        type=between(0, 1, inclusive=False),
        default=0.15,
        help="share of each class that goes to --held-out (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=positive, default=20260, help="of the split (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the manifests and print what is in them."""
    if options.without_twins_of and not options.near_duplicates:
        raise InputError("Give --near-duplicates too: --without-twins-of needs the pairs.")
    if options.collection.is_dir():
        samples = class_folders(options.collection, options.source)
    else:
        images = options.images or options.collection.parent / "images"
        samples = table(options.collection, images, options.source, options.aspect)
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []
    if options.without_twins_of:
        twins = twins_of({s.path for s in read_samples(options.without_twins_of)}, pairs)
        samples = [sample for sample in samples if sample.path not in twins]
    parts = {options.output: samples}
    if options.held_out:
        rest, held_out = split(samples, pairs, options.held_out_share, options.seed)
        parts = {options.output: rest, options.held_out: held_out}
    for path, part in parts.items():
        write_manifest(path, part)
        lesions = len({sample.lesion for sample in part} - {""})
        Console().print(f"{path}: {len(part)} pictures, {lesions} known lesions, {counts(part)}")
