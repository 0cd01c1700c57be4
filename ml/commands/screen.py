"""``python -m ml screen``: choose how a bundle tells pictures that it does not know."""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ml.commands.options import SOURCE, between, positive
from ml.data.manifest import read_samples
from ml.errors import InputError
from ml.packaging.bundle import Bundle
from ml.taxonomy import OTHER

if TYPE_CHECKING:
    from ml.measuring.screening import Candidate

#: Statistics are taken from so many training pictures, and so many pictures of each kind are
#: generated.
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
            "threshold and statistics to the bundle. Of a network that tells image types they are "
            "compared with that, alone and beside it, and the best is kept beside it only where "
            "it refuses more than it costs. Noise, plain colours, text and drawings are generated."
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
    training, real = (
        [sample for sample in read_samples(path) if sample.image_type != OTHER]
        for path in (options.training_data, options.data)
    )
    learnt, unknown = pictures_in(options.exposed), pictures_in(options.strange)

    import numpy as np

    from ml.data.dataset import load_pixels, read_picture
    from ml.judging import limits
    from ml.judging.predictor import Predictor
    from ml.judging.preprocessing import to_pixels
    from ml.measuring import screening
    from ml.measuring.oddities import oddities

    predictor = Predictor.load(bundle, options.threads)
    size = bundle.input_size
    if len(training) > TRAINING:
        training = random.Random(SEED).sample(training, TRAINING)  # noqa: S311 (no secret)

    def others(files: list[Path], seed: int) -> np.ndarray:
        generated = oddities(GENERATED, seed).values()
        images = chain(map(read_picture, files), chain.from_iterable(generated))
        return np.stack([to_pixels(image, size) for image in images])

    known, exposed, genuine, strange = screening.look(
        predictor,
        load_pixels(training, size),
        others(learnt, SEED),
        load_pixels(real, size),
        others(unknown, SEED + 1),
    )
    sources = np.array([sample.domain for sample in real])
    candidates = screening.compare(
        predictor, known, exposed, genuine, sources, strange, options.accept
    )
    # The last layer is only compared with, because the site looks at the layers in the middle.
    served = [found for found in candidates if found.layers != "last"]
    alone = screening.by_image_type(predictor, genuine, sources, strange)
    best = screening.best_in_addition(alone, served) if alone else served[0]
    arrays = (
        {f"{limits.NOVELTY}/{name}": array for name, array in best.arrays.items()} if best else {}
    )
    compared = [alone, *candidates] if alone else candidates
    replace(
        limits.write(bundle, arrays, limits.OF_SCREENING),
        novelty={
            "method": best.method if best else None,
            "threshold": best.threshold if best else 0.0,
            "accepted": options.accept,
            "real": len(real),
            "exposed": len(exposed.logits),
            "strange": len(strange.logits),
            "compared": [_described(found, alone) for found in compared],
        },
    ).write()
    table = Table(
        f"accepting {options.accept} of each source",
        "layers",
        "AUROC",
        "rejected",
        "accepted",
        "both: rejected",
        "accepted",
    )
    for found in compared:
        both = found.with_image_types if alone and found.with_image_types else ()
        cells = (found.auroc, found.rejected, found.accepted, *both)
        table.add_row(found.method, found.layers, *(f"{cell:.4f}" for cell in cells))
    console = Console()
    console.print(table)
    console.print(f"served: {best.method if best else screening.IMAGE_TYPE + ' alone'}")


def _described(found: Candidate, alone: Candidate | None) -> dict[str, Any]:
    """Return a candidate as the bundle keeps it, with what both outputs refuse if there are two."""
    described = {
        "method": found.method,
        "layers": found.layers,
        "auroc": found.auroc,
        "rejected": found.rejected,
        "accepted": found.accepted,
    }
    if alone and found.with_image_types:
        described["both_rejected"], described["both_accepted"] = found.with_image_types
    return described


def pictures_in(folder: Path) -> list[Path]:
    """Return the files in ``folder`` and its folders, sorted.

    Raises:
        InputError: there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise InputError(f"{folder} holds no picture; give a folder with pictures.")
    return files
