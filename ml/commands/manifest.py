"""``python -m ml manifest``: write a manifest of a collection, whole or split by lesion."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.data import held_out
from ml.data.dataset import split, twins_of
from ml.data.manifest import Sample, read_pairs, read_samples, write_manifest
from ml.data.selection import counts
from ml.data.sources import class_folders, other_pictures, table
from ml.errors import InputError
from ml.taxonomy import DERMOSCOPIC, IMAGE_TYPES, OTHER

#: This share of each class is held out where no list says which pictures are.
HELD_OUT_SHARE = 0.15


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "manifest",
        help="write a manifest of a collection, whole or split by lesion",
        description=(
            "Write a CSV path,diagnosis,lesion_id,... of class folders, of the table of HAM10000, "
            "MILK10k, BCN20000, PAD-UFES-20 or ISIC 2020, or of the ground truth of an ISIC "
            "challenge."
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
        "--image-type",
        choices=IMAGE_TYPES,
        default=DERMOSCOPIC,
        help="kind of picture, where the table does not say it; with `other`, the collection is a "
        "directory of pictures that show no lesion (default: %(default)s)",
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
        "--held-out",
        type=Path,
        help="second manifest, of whole lesions that --output leaves out: the project's own list "
        f"where it keeps one ({', '.join(held_out.sources())}), else a random share",
    )
    parser.add_argument(
        "--held-out-share",
        type=between(0, 1, inclusive=False),
        help="draw this share of each class anew instead (default without a list: "
        f"{HELD_OUT_SHARE})",
    )
    parser.add_argument(
        "--seed", type=positive, default=20260, help="of the split (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def _read(options: argparse.Namespace) -> list[Sample]:
    if options.image_type == OTHER:
        return other_pictures(options.collection, options.source)
    if options.collection.is_dir():
        return class_folders(options.collection, options.source, options.image_type)
    images = options.images or options.collection.parent / "images"
    return table(
        options.collection,
        images,
        options.source,
        aspect=options.aspect,
        image_type=options.image_type,
    )


def run(options: argparse.Namespace) -> None:
    """Write the manifests and print what is in them."""
    if options.without_twins_of and not options.near_duplicates:
        raise InputError("Give --near-duplicates too: --without-twins-of needs the pairs.")
    samples = _read(options)
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []
    if options.without_twins_of:
        twins = twins_of({s.path for s in read_samples(options.without_twins_of)}, pairs)
        samples = [sample for sample in samples if sample.path not in twins]
    parts = {options.output: samples}
    if options.held_out:
        if options.held_out_share is None and held_out.names(options.source):
            rest, chosen = held_out.divide(samples, options.source)
        else:
            share = options.held_out_share or HELD_OUT_SHARE
            rest, chosen = split(samples, pairs, share, options.seed)
        parts = {options.output: rest, options.held_out: chosen}
    for path, part in parts.items():
        write_manifest(path, part)
        lesions = len({sample.lesion for sample in part} - {""})
        Console().print(f"{path}: {len(part)} pictures, {lesions} known lesions, {counts(part)}")
