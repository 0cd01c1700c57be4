"""``python -m ml samples``: keep what a bundle answers about the pictures that the site shows."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from ml.commands.evaluate import NAME_OR_DIRECTORY, bundle_of
from ml.errors import InputError
from ml.files import write_json
from ml.packaging.bundle import Bundle, digest

#: The pictures are told by this file, which lies among them.
PICTURES = "pictures.json"


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "samples",
        help="keep what a bundle answers about the pictures that the site shows to strangers",
        description=(
            "Write samples.json beside the bundle, and a folder with heat maps: what a worker "
            f"answers about the pictures that {PICTURES} in a folder tells. The bundle must judge "
            "all of them. Give it again after `calibrate` and `screen`."
        ),
    )
    parser.add_argument("--bundle", required=True, help=NAME_OR_DIRECTORY)
    parser.add_argument(
        "--pictures", required=True, type=Path, help=f"folder with {PICTURES}, e.g. static/samples"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compute the answers and write them."""
    bundle = bundle_of(options.bundle)
    answers = write(bundle, _read(options.pictures))
    for slug, answer in answers.items():
        malignant = answer["malignant_probability"]
        Console().print(f"{slug}: {answer['verdict']}, malignant {malignant:.3f}")
    Console().print(f"{bundle.name} {bundle.version}: {bundle.samples_path}")


def write(bundle: Bundle, pictures: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Write ``samples.json`` of a bundle, and return its answers by name of the picture.

    Raises:
        InputError: the bundle rejects one of the pictures, or it cannot be read.
    """
    from ml.judging.analysis import analyse
    from ml.judging.predictor import Predictor

    predictor = Predictor.load(bundle)
    folder = bundle.samples_path.with_suffix("")
    folder.mkdir(exist_ok=True)
    answers = {}
    for slug, path in pictures.items():
        image = _open(path)
        (analysis,) = analyse(predictor, [image])
        if analysis.rejection:
            raise InputError(f"{bundle.name} does not judge {path}: {analysis.rejection.problem}.")
        heat_map = folder / f"{slug}.png"
        heat_map.unlink(missing_ok=True)
        if analysis.heat_map:
            analysis.heat_map.save(heat_map, "PNG", optimize=True)
        answers[slug] = {
            "sha256": digest(path),
            "width": image.width,
            "height": image.height,
            "heat_map": f"{folder.name}/{heat_map.name}" if analysis.heat_map else "",
            **analysis.told(),
        }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    kept = {"weights_sha256": bundle.sha256, "created": created, "answers": answers}
    write_json(bundle.samples_path, kept)
    return answers


def _read(folder: Path) -> dict[str, Path]:
    """Return the pictures that are told of in a folder, by their names in addresses."""
    path = folder / PICTURES
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["pictures"]
        return {picture["slug"]: folder / picture["file"] for picture in told}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not tell pictures with slug and file: {error!r}") from error


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")
