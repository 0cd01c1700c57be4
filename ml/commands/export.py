"""``python -m ml export``: make the best rounds of a run a bundle that can be served."""

from __future__ import annotations

import argparse
import re
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from ml.commands import expect
from ml.commands.options import between, positive
from ml.packaging import weights
from ml.packaging.bundle import WEIGHTS, Bundle, digest
from ml.taxonomy import ANSWERS, IMAGE_TYPES
from ml.training import runs

#: Every architecture reads a square of this side unless told otherwise.
DEFAULT_SIZE = 224


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "export",
        help="make the best rounds of a run a bundle that can be served",
        description=(
            "Write model.json, weights.npz with the large kernels in 8 bits, and in expected.json "
            "what the network must answer about four pictures."
        ),
    )
    parser.add_argument("--run", dest="source", required=True, type=Path, help="of `train`")
    parser.add_argument("--name", required=True, type=_name, help="e.g. seven-stage")
    parser.add_argument("--version", required=True, type=_version, help="e.g. 1.0.0")
    parser.add_argument(
        "--licence",
        required=True,
        help="terms of the weights, as the training data leave them, e.g. 'CC BY-NC 4.0'",
    )
    parser.add_argument("--output", required=True, type=Path, help="directory of the bundle")
    parser.add_argument(
        "--threshold",
        type=between(0, 1, inclusive=False),
        default=0.5,
        help="probability from which on the verdict is malignant (default: %(default)s)",
    )
    parser.add_argument(
        "--input-size",
        type=positive,
        help="side of the pictures it is served with (default: as in training); a convolutional "
        "network can do better with somewhat larger ones (Touvron et al., arXiv 1906.06423)",
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=1,
        help=f"average the weights of so many of the best rounds, at most {runs.KEPT} "
        "(default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the bundle and print where it lies and how large it is."""
    settings, data = runs.read_settings(options.source), runs.read_data(options.source)
    history = runs.read_history(options.source)
    arrays = runs.read_best(options.source, options.rounds)
    best = runs.rank_rounds(history)[: options.rounds]
    input_size = options.input_size or settings.input_size or DEFAULT_SIZE
    outputs = arrays["logit/bias"].size
    classes = next(names for names in ANSWERS if outputs == (len(names) if len(names) > 2 else 1))
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / WEIGHTS
    weights.save(path, arrays)
    bundle = Bundle(
        directory=options.output,
        name=options.name,
        version=options.version,
        licence=options.licence,
        architecture=settings.architecture,
        input_size=input_size,
        classes=classes,
        malignant=ANSWERS[classes],
        calibration={"temperature": 1.0, "bias": [0.0] * outputs},
        threshold=options.threshold,
        operating_point={},
        novelty={},
        weights=WEIGHTS,
        sha256=digest(path),
        limits_sha256="",
        training={
            **asdict(settings),
            "passes_run": history[-1]["passes"],
            "best_passes": [history[index]["passes"] for index in best],
        },
        data=data,
        metrics={"validation": history[best[0]]["domains"]},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        image_types=IMAGE_TYPES if settings.image_type_weight else (),
    )
    bundle.write()
    expect.write(bundle, options.source, options.rounds)
    megabytes = path.stat().st_size / 1e6
    parameters = sum(array.size for array in arrays.values())
    Console().print(
        f"{bundle.name} {bundle.version} in {options.output}: {parameters:,} parameters in "
        f"{megabytes:.1f} MB, the best {options.rounds} of {len(history)} rounds"
    )


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ArgumentTypeError(f"expected lower-case words joined by hyphens, got {text!r}")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+", text):
        raise ArgumentTypeError(f"expected three numbers such as 1.0.0, got {text!r}")
    return text
