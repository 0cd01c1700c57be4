"""``python -m ml calibrate``: fit a bundle's probabilities to validation pictures."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.commands import expect
from ml.commands.options import PAIRS, SOURCE, between, positive
from ml.commands.scoreboard import called_table
from ml.data.manifest import Sample, read_pairs, read_samples
from ml.errors import InputError
from ml.judging.calibration import BIASES
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, IMAGE_TYPES, OTHER, is_malignant


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    share = between(0, 1, inclusive=False)
    parser = commands.add_parser(
        "calibrate",
        help="fit a bundle's probabilities to validation pictures",
        description=(
            "Fit the temperature, and with --bias more, to pictures the network has "
            "not learnt from; find the threshold for a stated sensitivity; keep what sets of "
            "diagnoses with a promised coverage need; and write all to the bundle. A network "
            "that tells image types gets all of it for dermoscopic and for clinical pictures "
            "apart, and the thresholds of the image types. What is printed is cross-validated."
        ),
    )
    parser.add_argument("--bundle", required=True, type=Path, help="directory of the bundle")
    parser.add_argument(
        "--data", required=True, type=Path, help=f"a run's validation.csv, or another {SOURCE}"
    )
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    parser.add_argument(
        "--source",
        dest="domains",
        action="append",
        type=_domain,
        metavar="DOMAIN[=WEIGHT]",
        help="fit to the pictures of this source, or of one kind of picture of it such as "
        "milk10k/clinical; with a weight, to count so much beside others however many pictures "
        "it has (repeatable; default: all). The thresholds of the image types look at all",
    )
    parser.add_argument(
        "--malignant-share",
        type=share,
        help="weight the pictures as if so many were malignant (default: as they are)",
    )
    parser.add_argument(
        "--bias",
        choices=BIASES,
        help="fit a bias too that all malignant classes share, or one of each class; the first "
        "moves the malignant probability to what is stated and leaves the diagnoses among "
        "malignant ones, and among benign ones, as likely as they are",
    )
    parser.add_argument(
        "--sensitivity",
        type=share,
        default=0.9,
        help="share of malignant pictures the operating point must find (default: %(default)s)",
    )
    parser.add_argument(
        "--accept",
        type=share,
        default=0.98,
        help="share of the dermoscopic and of the clinical pictures of every source to be called "
        "by their name, where that can be (default: %(default)s)",
    )
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fit, write ``model.json`` and print the scores before and after."""
    bundle = Bundle.read(options.bundle)
    samples = read_samples(options.data)
    domains = dict(options.domains or [])
    chosen = _chosen(bundle, samples, domains)
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []

    import numpy as np

    from ml.judging import backend

    backend.start(options.threads)
    from ml.data.dataset import load_pixels
    from ml.judging import limits
    from ml.judging.predictor import Predictor
    from ml.measuring import image_type_metrics, mix, reliability
    from ml.measuring.answers import Answers, describe
    from ml.training import calibrating, expected

    test = describe(samples, pairs, None)
    predictor = Predictor.load(bundle, options.threads)
    pixels = load_pixels(samples, bundle.input_size)
    outputs = calibrating.in_batches(lambda batch: np.hstack(predictor.outputs(batch)), pixels)
    logits, image_types = np.split(outputs, [bundle.logits], axis=1)
    fits: dict[str, calibrating.Fit] = {}
    arrays: dict[str, np.ndarray] = {}
    measured: dict[str, Any] = {}
    for name, of_type in chosen.items():
        inside = np.array(of_type)
        # Each kind is weighed by itself, because the stated share is that of each kind.
        weights = np.zeros(len(samples))
        weights[inside] = mix.weigh(test.samples[inside], domains, options.malignant_share)
        counted = weights > 0
        part = replace(test, weights=weights).among(counted)
        fits[name] = fit = calibrating.fit(
            bundle,
            part,
            logits[counted],
            bias=options.bias,
            sensitivity=options.sensitivity,
        )
        arrays |= calibrating.conformal_arrays(
            predictor, name, part.samples, logits[counted], pixels[counted], fit.calibration
        )
        # Pictures that this calibration was fitted to are scored by fits to other pictures.
        given = fit.calibration.probabilities(logits)
        given[counted] = fit.probabilities
        answers = Answers(given[inside], bundle.threshold)
        measured |= reliability.by_domain(test.among(inside), answers, options.malignant_share)
        _show(name, fit)
    thresholds: dict[str, Any] = {}
    if bundle.image_types:
        typed = np.array([bool(sample.image_type) for sample in samples])
        told = test.samples[typed], image_types[typed]
        thresholds = dict(image_type_metrics.choose_thresholds(*told, options.accept))
        called = image_type_metrics.called_by(*told, thresholds)
        thresholds |= {"accepted": options.accept, "called": called}
    calibrated = replace(
        limits.write(bundle, arrays, limits.OF_CALIBRATION),
        calibration=fits[DERMOSCOPIC].described,
        operating_point=fits[DERMOSCOPIC].operating_point,
        clinical={
            "calibration": fits[CLINICAL].described,
            "threshold": bundle.threshold,
            "operating_point": fits[CLINICAL].operating_point,
        }
        if CLINICAL in fits
        else {},
        image_type_thresholds=thresholds,
    ).record(
        {
            "reliability": {
                "malignant_share": options.malignant_share,
                "fitted_to": sorted(domains) or sorted(measured),
                "domains": measured,
            }
        }
    )
    if bundle.expected_path.exists() and not expected.recalibrate(calibrated):
        expect.write(calibrated, None)
    _show_domains(measured, thresholds)


def _domain(text: str) -> tuple[str, float | None]:
    name, equals, number = text.partition("=")
    return name, between(0, float("inf"), inclusive=False)(number) if equals else None


def _chosen(
    bundle: Bundle, samples: list[Sample], domains: dict[str, float | None]
) -> dict[str, list[bool]]:
    """Return which of the samples belong to each image type that has a standard of its own.

    Raises:
        InputError: a domain has no picture, or no picture is dermoscopic.
    """
    if missing := domains.keys() - {sample.domain for sample in samples}:
        raise InputError(f"There is no picture of {', '.join(sorted(missing))} among the data.")
    is_clinical = [bool(bundle.image_types) and s.image_type == CLINICAL for s in samples]
    chosen = {
        DERMOSCOPIC: [
            not clinical and sample.image_type != OTHER
            for sample, clinical in zip(samples, is_clinical, strict=True)
        ],
        CLINICAL: is_clinical,
    }
    fitted = {
        name: of_type
        for name, of_type in chosen.items()
        if any(
            inside and is_malignant(sample.label) and (not domains or sample.domain in domains)
            for sample, inside in zip(samples, of_type, strict=True)
        )
    }
    if DERMOSCOPIC not in fitted:
        raise InputError("No dermoscopic picture to calibrate on is malignant; give others.")
    return fitted


def _show(name: str, fit: Any) -> None:
    table = Table(f"On {name} validation pictures", *fit.scores)
    shown = {
        ("model", "malignant"): ("auroc", "accuracy", "ece", "brier"),
        ("diagnosis", "diagnosis"): ("accuracy", "balanced_accuracy", "ece", "brier"),
    }
    for (part, title), metrics in shown.items():
        for metric in metrics:
            if all(part in score for score in fit.scores.values()):
                cells = (f"{score[part][metric]['value']:.4f}" for score in fit.scores.values())
                table.add_row(f"{title} {metric.replace('_', ' ')}", *cells)
    fitted, point = fit.calibration, fit.operating_point
    console = Console()
    console.print(table)
    console.print(
        f"temperature {fitted.temperature:.3f}, bias {[round(b, 3) for b in fitted.bias]}; "
        f"sensitivity {point['sensitivity']} from a malignant probability of "
        f"{point['threshold']:.4f} on, where the specificity is "
        f"{point['validation']['specificity']['value'] or 0:.4f}"
    )


def _show_domains(measured: dict[str, Any], thresholds: dict[str, Any]) -> None:
    columns = ("pictures", "malignant", "said", "ece", "ece_of_mix")
    table = Table("source", *(name.replace("_", " ") for name in columns), title="Reliability")
    for name, found in measured.items():
        shown = (found.get(column) for column in columns)
        table.add_row(name, *map(_cell, shown))
    console = Console()
    console.print(table)
    if not thresholds:
        return
    chosen = ", ".join(f"{name} {thresholds[name]:.4f}" for name in IMAGE_TYPES)
    console.print(called_table(thresholds["called"], f"Called, by the thresholds {chosen}"))


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = value["value"]
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.4f}"
