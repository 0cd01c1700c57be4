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
from ml.commands.scoreboard import called_table
from ml.commands.screen import pictures_in
from ml.data.manifest import Sample, read_samples
from ml.errors import InputError
from ml.files import write_json
from ml.measuring.shares import share_of
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC

if TYPE_CHECKING:
    from PIL import Image

    from ml.judging.predictor import Predictor

#: So many pictures of each kind are generated, from another seed than those that `screen` saw.
GENERATED, SEED = 100, 20264
#: So many pictures are spoilt in every way. Of each source, so many are looked at to see whether
#: they are called what they are.
DEGRADED = 300
QUANTILES = (0.002, 0.005, 0.05, 0.5, 0.95, 0.995, 0.998)


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "audit",
        help="measure what a bundle refuses to judge",
        description=(
            "Count how many real pictures of each source are accepted, how many pictures of "
            "anything else are rejected, and how many spoilt ones with the right reason."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help=f"real: {SOURCE}")
    parser.add_argument("--strange", required=True, type=Path, help="folder of other pictures")
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also ask by what the network tells dermoscopic from clinical pictures: all of them "
        "in one size and quality, small in a frame, and by size and sharpness alone",
    )
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
    image_types = _image_types(predictor, samples, controls=options.controls)

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
    for source in sorted({sample.domain for sample in samples}):
        chosen = [sample for sample in samples if sample.domain == source]
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
        **image_types,
    }
    spread = {"as they are": _measures([rgb(sample) for sample in some])} | {
        name: _measures([change(rgb(sample)) for sample in some])
        for name, (change, _) in DEGRADATIONS.items()
    }
    write_json(options.output, results | {"measures": spread})
    if options.record:
        bundle.record({"screening": results})
    _show(results)


def _image_types(
    predictor: Predictor, samples: Sequence[Sample], *, controls: bool
) -> dict[str, Any]:
    """Return what share of each source is called by each name, and what the controls show."""
    import numpy as np

    from ml.data.dataset import groups, read_sample
    from ml.judging.parallel import map_in_threads
    from ml.measuring import image_type_controls
    from ml.measuring.image_type_metrics import shares_called
    from ml.measuring.quality_limits import drawn
    from ml.measuring.served import serve

    if not predictor.bundle.image_types:
        return {}
    some = [sample for found in drawn(samples, DEGRADED, SEED).values() for sample in found]

    def called(title: str, change: Callable[[Image.Image], Image.Image] | None) -> list[str]:
        found = serve(predictor, some, title, change=change, screened=False)
        return found.image_types.tolist()

    plain = called("kinds", None)
    found: dict[str, Any] = {"called": shares_called(some, plain)}
    if not controls:
        return found
    truth = [sample.image_type for sample in some]
    either = np.isin(truth, (DERMOSCOPIC, CLINICAL))
    if len(set(np.array(truth)[either])) < 2:
        raise InputError("Controls need dermoscopic and clinical pictures; give data of both.")
    changed = {name: called(name, change) for name, change in image_type_controls.CONTROLS.items()}
    lesions = [sample for sample, chosen in zip(some, either, strict=True) if chosen]
    number = {
        sample.path: index for index, group in enumerate(groups(lesions, [])) for sample in group
    }
    features = map_in_threads(
        lambda sample: image_type_controls.outer_features(read_sample(sample)), lesions
    )
    found["controls"] = {
        "network": image_type_controls.balanced_share(plain, truth),
        "size, sharpness and surround": image_type_controls.told_by_features(
            np.array(features),
            np.array(truth)[either] == DERMOSCOPIC,
            np.array([number[sample.path] for sample in lesions]),
        ),
        "changed": {
            name: {
                "network": image_type_controls.balanced_share(names, truth),
                "called": shares_called(some, names),
            }
            for name, names in changed.items()
        },
    }
    return found


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
    console = Console()
    console.print(table)
    controls = results.get("controls", {})
    for title, domains in {
        "called": results.get("called", {}),
        **{name: found["called"] for name, found in controls.get("changed", {}).items()},
    }.items():
        if domains:
            console.print(called_table(domains, title))
    if controls:
        regression = controls["size, sharpness and surround"]
        console.print(
            f"both kinds called by their name: {controls['network']:.4f}; a regression on size, "
            f"sharpness and surround alone: {regression['balanced_accuracy']:.4f} "
            f"(AUROC {regression['auroc']:.4f})"
        )
