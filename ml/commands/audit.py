"""``python -m ml audit``: measure what a bundle refuses to judge."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ml.commands.options import SOURCE, positive
from ml.commands.screen import pictures_in
from ml.data.manifest import read_samples
from ml.files import write_json
from ml.measuring.shares import share_of
from ml.packaging.bundle import Bundle

if TYPE_CHECKING:
    from PIL import Image

#: Generated pictures of each kind, from another seed than those that `screen` saw.
GENERATED, SEED = 100, 20264
#: Pictures that are spoilt in every way.
DEGRADED = 300
QUANTILES = (0.002, 0.005, 0.05, 0.5, 0.95, 0.995, 0.998)


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "audit",
        help="measure what a bundle refuses to judge",
        description=(
            "Count how many real pictures of each source are accepted, how many pictures of "
            "anything else are rejected, and how many spoilt ones with the right reason. Given "
            "validation pictures, this is what the limits of ml/judging/quality.py are chosen "
            "from; held-out ones show what they are worth."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help=f"real: {SOURCE}")
    parser.add_argument("--strange", required=True, type=Path, help="folder of other pictures")
    parser.add_argument("--output", required=True, type=Path, help="JSON file of the results")
    parser.add_argument("--record", action="store_true", help="add them to the bundle's model.json")
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write the results and print them."""
    bundle = Bundle.read(options.bundle)
    samples = [sample for path in options.data for sample in read_samples(path)]
    photographs = pictures_in(options.strange)

    import random

    from ml.data.dataset import read_picture, read_sample
    from ml.judging import analysis
    from ml.judging.parallel import map_in_threads
    from ml.judging.predictor import BATCH_SIZE, Predictor
    from ml.measuring.degradations import DEGRADATIONS
    from ml.measuring.oddities import oddities

    predictor = Predictor.load(bundle, options.threads)

    def problems(title: str, read: Callable[[Any], Image.Image], items: Sequence[Any]) -> list[str]:
        found: list[str] = []
        for start in track(range(0, len(items), BATCH_SIZE), title):
            images = map_in_threads(read, items[start : start + BATCH_SIZE])
            found += [
                result.rejection.problem.value if result.rejection else ""
                for result in analysis.analyse(predictor, images)
            ]
        return found

    def rgb(sample: Any) -> Image.Image:
        return read_sample(sample).convert("RGB")

    def spoilt(change: Callable[[Image.Image], Image.Image], sample: Any) -> Image.Image:
        return change(rgb(sample))

    accepted, reasons = {}, {}
    for source in sorted({sample.source for sample in samples}):
        chosen = [sample for sample in samples if sample.source == source]
        found = problems(source, read_sample, chosen)
        accepted[source] = share_of(sum(not problem for problem in found), len(found))
        reasons[source] = {name: found.count(name) for name in sorted(set(found) - {""})}
    rejected = {}
    found = problems("photographs", read_picture, photographs)
    rejected["photographs"] = share_of(sum(map(bool, found)), len(found))
    for kind, images in oddities(GENERATED, SEED).items():
        found = problems(kind, lambda image: image, images)
        rejected[kind] = share_of(sum(map(bool, found)), len(found))
    some = random.Random(SEED).sample(samples, min(DEGRADED, len(samples)))  # noqa: S311
    degraded = {}
    for name, (change, expected) in DEGRADATIONS.items():
        found = problems(name, partial(spoilt, change), some)
        degraded[name] = {
            "expected": expected.value,
            "right": share_of(found.count(expected.value), len(found)),
            "rejected": share_of(sum(map(bool, found)), len(found)),
        }
    results = {
        "accepted": accepted,
        "reasons": reasons,
        "rejected": rejected,
        "degraded": degraded,
    }
    spread = {"as they are": _measures([rgb(sample) for sample in some])} | {
        name: _measures([change(rgb(sample)) for sample in some])
        for name, (change, _) in DEGRADATIONS.items()
    }
    write_json(options.output, results | {"measures": spread})
    if options.record:
        bundle.record({"screening": results})
    _show(results)


def _measures(images: Sequence[Image.Image]) -> dict[str, list[float]]:
    """Return `QUANTILES` of every measure of `ml.judging.quality.Quality`."""
    import numpy as np

    from ml.judging.analysis import quality_of
    from ml.judging.quality import Quality

    measured = [quality_of(image) for image in images]
    return {
        field.name: np.quantile([getattr(m, field.name) for m in measured], QUANTILES).tolist()
        for field in fields(Quality)
    }


def _show(results: dict[str, Any]) -> None:
    table = Table("pictures", "share", "95 % interval")
    rows = {f"{name}: accepted": score for name, score in results["accepted"].items()}
    rows |= {f"{name}: rejected": score for name, score in results["rejected"].items()}
    rows |= {
        f"{name}: rejected as {found['expected']}": found["right"]
        for name, found in results["degraded"].items()
    }
    for name, score in rows.items():
        table.add_row(name, f"{score['value']:.4f}", f"{score['low']:.4f} to {score['high']:.4f}")
    Console().print(table)
