"""``python -m ml calibrate``: fit a bundle's probabilities to validation pictures."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.commands.options import PAIRS, SOURCE, add_source, between, positive
from ml.data.manifest import read_pairs, read_samples
from ml.packaging.bundle import Bundle
from ml.taxonomy import class_of


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "calibrate",
        help="fit a bundle's probabilities to validation pictures",
        description=(
            "Fit the temperature, and with --bias one bias a class, to pictures the network has "
            "not learnt from; find the threshold for a stated sensitivity; keep what sets of "
            "diagnoses with a promised coverage need; and write all to the bundle. What is "
            "printed is cross-validated."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument(
        "--data", required=True, type=Path, help=f"a run's validation.csv, or another {SOURCE}"
    )
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    add_source(parser)
    parser.add_argument("--bias", action="store_true", help="fit a bias for each class too")
    parser.add_argument(
        "--sensitivity",
        type=between(0, 1, inclusive=False),
        default=0.9,
        help="share of malignant pictures the operating point must find (default: %(default)s)",
    )
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fit, write ``model.json`` and print the scores before and after."""
    bundle = Bundle.read(options.bundle)
    samples = read_samples(options.data, options.source or ())
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []

    import numpy as np

    from ml.judging import backend

    backend.start(options.threads)
    from ml.data.dataset import load_pixels
    from ml.judging import calibration, limits
    from ml.judging.conformal import calibration_scores
    from ml.judging.predictor import Predictor
    from ml.judging.preprocessing import symmetries
    from ml.measuring import evaluation
    from ml.measuring.answers import Answers, describe, malignancy
    from ml.measuring.screening import in_batches
    from ml.training.objective import targets_of

    test = describe(samples, pairs, None)
    predictor = Predictor.load(bundle, options.threads)
    pixels = load_pixels(samples, bundle.input_size)
    logits = in_batches(predictor.logits, pixels)
    targets = targets_of(samples, bundle.logits)
    fitted = calibration.fit(logits, targets, with_bias=options.bias)
    compared = {
        "uncalibrated": calibration.identity(bundle.logits).probabilities(logits),
        **{
            name: calibration.cross_validated(logits, targets, test.groups, with_bias=with_bias)
            for name, with_bias in (("temperature", False), ("temperature and bias", True))
        },
    }
    scores = {
        name: evaluation.score(test, Answers(probabilities, bundle.threshold))
        for name, probabilities in compared.items()
    }
    known, is_malignant = malignancy(test.samples)
    chosen = compared["temperature and bias" if options.bias else "temperature"]
    # Fitted to all pictures, as served; its scores are those of probabilities fitted to others.
    served = Answers(fitted.probabilities(logits)).malignant
    threshold = calibration.threshold_for_sensitivity(
        is_malignant[known] == 1, served[known], options.sensitivity
    )
    at_threshold = Answers(chosen, threshold)
    reached = evaluation.headline(test, at_threshold)
    # A label that leaves the class open has no probability to keep.
    exact = [class_of(sample.label, bundle.classes) for sample in samples]
    chosen = np.array([label is not None for label in exact])
    labels = [label for label in exact if label is not None]
    views = in_batches(
        lambda batch: predictor.logits(symmetries(batch)).reshape(len(batch), 8, -1), pixels[chosen]
    )
    answers = {
        limits.PLAIN: fitted.probabilities(logits[chosen]),
        limits.AVERAGED: fitted.probabilities(views.reshape(-1, views.shape[2]))
        .reshape(len(views), 8, -1)
        .mean(1),
    }
    arrays = {
        f"{answer}/{group}": found
        for answer, given in answers.items()
        for group, found in calibration_scores(
            given, labels, bundle.classes, bundle.malignant
        ).items()
    }
    replace(
        limits.write(bundle, arrays),
        calibration=asdict(fitted) | {"bias": list(fitted.bias)},
        operating_point={
            "sensitivity": options.sensitivity,
            "threshold": threshold,
            "pictures": int(known.sum()),
            "validation": {name: reached[name] for name in ("sensitivity", "specificity")},
        },
    ).write()
    _show(scores)
    Console().print(
        f"temperature {fitted.temperature:.3f}, bias {[round(b, 3) for b in fitted.bias]}; "
        f"sensitivity {options.sensitivity} from a malignant probability of {threshold:.4f} on, "
        f"where the specificity is {reached['specificity']['value']:.4f}"
    )


def _show(scores: dict[str, Any]) -> None:
    table = Table("On validation pictures", *scores)
    shown = {
        ("model", "malignant"): ("auroc", "accuracy", "ece", "brier"),
        ("diagnosis", "diagnosis"): ("accuracy", "balanced_accuracy", "ece", "brier"),
    }
    for (part, title), metrics in shown.items():
        for metric in metrics:
            if all(part in score for score in scores.values()):
                cells = (f"{score[part][metric]['value']:.4f}" for score in scores.values())
                table.add_row(f"{title} {metric.replace('_', ' ')}", *cells)
    Console().print(table)
