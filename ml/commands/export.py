"""``python -m ml export``: make the best epoch of a run a bundle that can be served."""

from __future__ import annotations

import argparse
import hashlib
import re
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from ml import backend, runs, weights
from ml.bundle import WEIGHTS, Bundle
from ml.commands.options import between, positive
from ml.taxonomy import BINARY_CLASSES, DIAGNOSIS_CODES, MALIGNANT, MALIGNANT_CODES


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "export",
        help="make the best epoch of a run a bundle that can be served",
        description="Write model.json and weights.npz, with the large kernels in 8 bits.",
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
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the bundle and print where it lies and how large it is."""
    settings, data = runs.read_settings(options.source), runs.read_data(options.source)
    backend.start()
    from ml.training import load_best

    model = load_best(options.source)
    outputs = model.output_shape[-1]
    seven = outputs == len(DIAGNOSIS_CODES)
    history = runs.read_history(options.source)
    best = runs.best_epoch(history)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / WEIGHTS
    weights.save(path, {variable.path: variable.numpy() for variable in model.weights})
    bundle = Bundle(
        directory=options.output,
        name=options.name,
        version=options.version,
        licence=options.licence,
        architecture=settings.architecture,
        input_size=options.input_size or model.input_shape[1],
        classes=DIAGNOSIS_CODES if seven else BINARY_CLASSES,
        malignant=MALIGNANT_CODES if seven else (MALIGNANT,),
        calibration={"temperature": 1.0, "bias": [0.0] * outputs},
        threshold=options.threshold,
        operating_point={},
        novelty={},
        weights=WEIGHTS,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        limits_sha256="",
        training={**asdict(settings), "epochs_run": len(history), "best_epoch": best + 1},
        data=data,
        metrics={
            "validation": {
                name.removeprefix("val_"): value
                for name, value in history[best].items()
                if name.startswith("val_")
            }
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    bundle.write()
    megabytes = path.stat().st_size / 1e6
    Console().print(
        f"{bundle.name} {bundle.version} in {options.output}: {model.count_params():,} parameters "
        f"in {megabytes:.1f} MB, epoch {best + 1} of {len(history)}"
    )


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ArgumentTypeError(f"expected lower-case words joined by hyphens, got {text!r}")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+", text):
        raise ArgumentTypeError(f"expected three numbers such as 1.0.0, got {text!r}")
    return text
