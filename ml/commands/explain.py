"""``python -m ml explain``: measure whether heat maps show what a bundle's answers rest on."""

from __future__ import annotations

import argparse
import random
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ml.commands.options import PAIRS, SOURCE, add_source, positive
from ml.data.manifest import read_pairs, read_samples
from ml.packaging.bundle import Bundle

SEED, BATCH = 20263, 25
SEGMENTATION = (
    "CIELAB distance to the median colour of the edge, divided in two by Otsu's threshold"
)


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "explain",
        help="measure whether heat maps show what a bundle's answers rest on",
        description=(
            "Compare the served heat map with Grad-CAM, HiResCAM, integrated gradients and a blob "
            "in the middle: deletion and insertion curves, and the share of heat in the lesion."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument("--data", required=True, type=Path, help=f"validation pictures: {SOURCE}")
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    add_source(parser)
    parser.add_argument("--pictures", type=positive, default=500, help="default: %(default)s")
    parser.add_argument("--record", action="store_true", help="add the results to the bundle")
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, record and print."""
    bundle = Bundle.read(options.bundle)
    samples = read_samples(options.data, options.source or ())
    samples = random.Random(SEED).sample(samples, min(options.pictures, len(samples)))  # noqa: S311
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []

    import numpy as np

    from ml import architectures
    from ml.data.dataset import load_pixels
    from ml.judging import explanation
    from ml.judging.predictor import Predictor
    from ml.judging.segmentation import segment
    from ml.measuring import faithfulness
    from ml.measuring.answers import describe
    from ml.measuring.binary_metrics import estimate, share
    from ml.measuring.evaluation import RESAMPLES
    from ml.measuring.faithfulness import Faithfulness

    predictor = Predictor.load(bundle, options.threads)
    pixels = load_pixels(samples, bundle.input_size)
    outlines = [segment(picture) for picture in pixels]
    masks = np.stack([outline.mask for outline in outlines])
    clear = np.array([outline.is_clear for outline in outlines])
    log_odds = partial(
        explanation.malignant_logit,
        classes=bundle.classes,
        malignant=bundle.malignant,
        temperature=bundle.calibration["temperature"],
    )
    layer = architectures.layers_of(bundle.architecture).heat
    ways = explanation.methods(predictor.model, layer, log_odds)
    ways["centre_blob"] = lambda batch: faithfulness.blob(len(batch), bundle.input_size)
    groups = describe(samples, pairs, None).groups
    measured = {}
    for name, heat_of in ways.items():
        parts = [
            faithfulness.measure(predictor, batch, heat_of(batch), masks[start : start + BATCH])
            for start in track(range(0, len(pixels), BATCH), name)
            for batch in [pixels[start : start + BATCH]]
        ]
        whole = Faithfulness(
            *(
                np.concatenate([getattr(part, field) for part in parts])
                for field in ("deletion", "insertion", "inside")
            )
        )
        located = clear & np.isfinite(whole.inside)
        scores = {
            "deletion": partial(share, whole.deletion),
            "insertion": partial(share, whole.insertion),
            "insertion_less_deletion": partial(share, whole.insertion - whole.deletion),
            "inside": partial(share, np.nan_to_num(whole.inside), among=located),
        }
        measured[name] = estimate(scores, groups, RESAMPLES, SEED)
    results = {
        "pictures": len(samples),
        "clear": int(clear.sum()),
        "segmentation": SEGMENTATION,
        "layer": layer,
        "methods": measured,
    }
    if options.record:
        bundle.record({"explanation": results})
    table = Table("method", *next(iter(measured.values())))
    for name, estimates in measured.items():
        table.add_row(name, *(f"{score['value']:.3f}" for score in estimates.values()))
    Console().print(table)
