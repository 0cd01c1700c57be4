"""``python -m ml screen``: choose how a bundle tells pictures that it does not know."""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.commands.options import SOURCE, between, positive
from ml.data.manifest import read_samples
from ml.errors import InputError
from ml.packaging.bundle import Bundle

#: Training pictures that statistics are taken from, and generated pictures of each kind.
TRAINING, GENERATED = 6000, 50
SEED = 20261


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "screen",
        help="choose how a bundle tells pictures that are no dermoscopy",
        description=(
            "Compare Mahalanobis distance, nearest neighbours, energy and outlier exposure on "
            "validation pictures and on pictures of anything else, and write the best with its "
            "threshold and statistics to the bundle. Noise, plain colours, text and drawings are "
            "generated."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument("--training-data", required=True, type=Path, help=f"a run's {SOURCE}")
    parser.add_argument("--data", required=True, type=Path, help=f"validation pictures: {SOURCE}")
    parser.add_argument(
        "--exposed",
        required=True,
        type=Path,
        help="folder of pictures that are no dermoscopy, to learn from",
    )
    parser.add_argument(
        "--strange", required=True, type=Path, help="folder of others, to compare on"
    )
    parser.add_argument(
        "--accept",
        type=between(0, 1, inclusive=False),
        default=0.99,
        help="share of the real pictures of each source to accept (default: %(default)s)",
    )
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare, write the best to the bundle and print all."""
    bundle = Bundle.read(options.bundle)
    training, real = read_samples(options.training_data), read_samples(options.data)
    learnt, compared = pictures_in(options.exposed), pictures_in(options.strange)

    import numpy as np

    from ml.data.dataset import load_pixels, read_picture
    from ml.judging import limits
    from ml.judging.predictor import Predictor
    from ml.judging.preprocessing import to_pixels
    from ml.measuring.oddities import oddities
    from ml.measuring.screening import compare

    predictor = Predictor.load(bundle, options.threads)
    size = bundle.input_size
    if len(training) > TRAINING:
        training = random.Random(SEED).sample(training, TRAINING)  # noqa: S311 (no secret)

    def others(files: list[Path], seed: int) -> np.ndarray:
        generated = oddities(GENERATED, seed).values()
        images = chain(map(read_picture, files), chain.from_iterable(generated))
        return np.stack([to_pixels(image, size) for image in images])

    exposed, strange = others(learnt, SEED), others(compared, SEED + 1)
    candidates = compare(
        predictor,
        load_pixels(training, size),
        exposed,
        load_pixels(real, size),
        np.array([sample.source for sample in real]),
        strange,
        options.accept,
    )
    # The last layer is here to compare with: the site looks at those in the middle.
    best = next(found for found in candidates if found.layers != "last")
    replace(
        limits.write(bundle, {f"{limits.NOVELTY}/{k}": a for k, a in best.arrays.items()}),
        novelty={
            "method": best.method,
            "threshold": best.threshold,
            "accepted": options.accept,
            "real": len(real),
            "exposed": len(exposed),
            "strange": len(strange),
            "compared": [
                {
                    "method": found.method,
                    "layers": found.layers,
                    "auroc": found.auroc,
                    "rejected": found.rejected,
                }
                for found in candidates
            ],
        },
    ).write()
    table = Table(f"accepting {options.accept} of each source", "layers", "AUROC", "rejected")
    for found in candidates:
        table.add_row(found.method, found.layers, f"{found.auroc:.4f}", f"{found.rejected:.4f}")
    Console().print(table)


def pictures_in(folder: Path) -> list[Path]:
    """Return the files in ``folder`` and its folders, sorted.

    Raises:
        InputError: there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise InputError(f"{folder} holds no picture; give a folder with pictures.")
    return files
