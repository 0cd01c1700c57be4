"""``python -m ml evaluate``: measure a bundle on labelled pictures."""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ml import runs
from ml.bundle import BUNDLES, Bundle, find
from ml.commands.options import PAIRS, SOURCE, positive
from ml.dataset import Sample, read_pairs, read_samples
from ml.errors import InputError
from ml.metrics import BINS, METRICS, Estimate

TITLES = {"official_split": "Official split", "de_leaked": "De-leaked"}
DEFINITIONS = {
    "official_split": "every picture of --data",
    "de_leaked": "the pictures of --data without a near-duplicate in --training-data",
    "positive_class": "malignant",
    "ece": f"confidence of the verdict, {BINS} equal-width bins over 0..1",
    "interval": "95 % percentile bootstrap, resampling groups of near-duplicates",
}


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a bundle on labelled pictures",
        description=(
            "Write metrics.json and predictions.csv, and print the metrics with their 95 % "
            "intervals. With --near-duplicates and --training-data also for the pictures that "
            "have no near-duplicate in the training set, and with two baselines beside."
        ),
    )
    parser.add_argument(
        "--bundle", required=True, help=f"name of one in {BUNDLES.name}/, or its directory"
    )
    parser.add_argument("--data", required=True, type=Path, help=f"test set: {SOURCE}")
    parser.add_argument("--output", required=True, type=Path, help="directory of the results")
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    parser.add_argument("--training-data", type=Path, help=f"full training set: {SOURCE}")
    parser.add_argument(
        "--compare-run",
        type=Path,
        help="run the bundle was exported from: shows what 8-bit storage changes",
    )
    parser.add_argument(
        "--record", action="store_true", help="add the metrics to the bundle's model.json"
    )
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write the results and print them."""
    if options.training_data and not options.near_duplicates:
        raise InputError("Give --near-duplicates too: --training-data alone shows no leak.")
    bundle = _bundle(options.bundle)
    samples = read_samples(options.data)
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []
    training = read_samples(options.training_data) if options.training_data else None
    options.output.mkdir(parents=True, exist_ok=True)

    from ml import evaluation
    from ml.predictor import Predictor

    test = evaluation.describe(samples, pairs, training)
    predictor = Predictor.load(bundle, options.threads)
    probabilities = evaluation.predict(predictor, samples, f"{bundle.name} {bundle.version}")
    baselines = _baselines(training, samples) if training is not None else {}
    results = evaluation.score(test, probabilities, bundle.threshold, baselines)
    metrics: dict[str, Any] = {
        "model": {
            "name": bundle.name,
            "version": bundle.version,
            "sha256": bundle.sha256,
            "threshold": bundle.threshold,
        },
        "definitions": DEFINITIONS,
        "bootstrap": {"resamples": evaluation.RESAMPLES, "seed": evaluation.SEED},
        "results": results,
    }
    if options.compare_run:
        from ml.training import load_best

        original = Predictor(load_best(options.compare_run), bundle.threshold)
        metrics["quantisation"] = evaluation.quantisation_effect(
            test,
            probabilities,
            evaluation.predict(original, samples, "The same in float32"),
            bundle.threshold,
        )
    runs.write_json(options.output / "metrics.json", metrics)
    _write_predictions(options.output / "predictions.csv", options.data, samples, probabilities)
    if options.record:
        recorded = dict(results)
        if "quantisation" in metrics:
            recorded["quantisation"] = metrics["quantisation"]
        bundle.record(recorded)
    _print(results, metrics.get("quantisation", {}))


def _bundle(text: str) -> Bundle:
    return Bundle.read(Path(text)) if Path(text).is_dir() else find(text)


def _baselines(training: list[Sample], samples: list[Sample]) -> dict[str, np.ndarray]:
    from ml.baselines import majority_class, nearest_neighbour

    return {
        "majority_class": majority_class(training, samples),
        "nearest_neighbour": nearest_neighbour(training, samples),
    }


def _write_predictions(
    path: Path, source: Path, samples: list[Sample], probabilities: np.ndarray
) -> None:
    root = (source if source.is_dir() else source.parent).resolve()
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "malignant_probability"])
        for sample, probability in zip(samples, probabilities, strict=True):
            name = Path(os.path.relpath(sample.path, root)).as_posix()
            writer.writerow([name, sample.label, f"{probability:.6f}"])


def _print(results: dict[str, Any], quantisation: dict[str, Any]) -> None:
    console = Console()
    # Wide enough for every column where the output is a file.
    console.width = max(console.width, 100)
    for name, result in results.items():
        pictures = ", ".join(f"{count} {label}" for label, count in result["pictures"].items())
        table = Table(title=f"{TITLES[name]}: {pictures}")
        answers = {"model": result["model"], **result["baselines"]}
        for heading in ("", *answers):
            table.add_column(heading.replace("_", " "))
        for metric in METRICS:
            cells = (_cell(scores[metric]) for scores in answers.values())
            table.add_row(metric.replace("_", " "), *cells)
        console.print(table)
    for name, effect in quantisation.items():
        moves = ", ".join(
            f"{metric} {scores['float32']:.4f} -> {scores['int8']:.4f} "
            f"({scores['difference']:+.4f})"
            for metric, scores in effect.items()
            if isinstance(scores, dict)
        )
        console.print(f"8-bit storage, {TITLES[name].lower()}: {moves}", highlight=False)


def _cell(estimate: Estimate) -> str:
    if estimate["value"] is None:
        return "undefined"
    return f"{estimate['value']:.4f} ({estimate['low']:.4f}-{estimate['high']:.4f})"
