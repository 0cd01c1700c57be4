from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classifier import predictors
from classifier.models.observed import OBSERVED_FIELDS
from classifier.models.result import RESULT_FIELDS
from classifier.sentences.rejections import explain_rejection
from classifier.services.submissions.record import build_observed, build_result
from classifier.uploads import InvalidImage, open_image
from ml.judging.conformal import UNCERTAIN
from ml.judging.predictor import Predictor
from ml.packaging.bundle import BundleError, find

FIELDS = (
    "file",
    "status",
    "reason",
    "problem",
    "model",
    "model_version",
    *OBSERVED_FIELDS,
    *RESULT_FIELDS,
    "diameter_mm",
)


class Command(BaseCommand):
    help = "Analyse pictures without database or broker. For education and research only."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--model", default=settings.DEFAULT_MODEL, metavar="NAME")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument(
            "--pixels-per-mm", type=_scale, metavar="NUMBER", help="gives diameters in millimetres"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            bundle = find(options["model"], settings.BUNDLES_DIR)
            network = Predictor.load(bundle, threads=settings.INFERENCE_THREADS)
        except BundleError as error:
            raise CommandError(str(error)) from None
        analyst, scale = predictors.make_analyst(network), options["pixels_per_mm"]
        rejected = 0
        for file in options["files"]:
            answer: dict[str, Any] = dict.fromkeys(FIELDS)
            answer |= {"file": str(file), "model": bundle.name, "model_version": bundle.version}
            answer |= _answer(file, analyst, scale)
            rejected += answer["status"] == "rejected"
            self.stdout.write(json.dumps(answer) if options["json"] else _sentence(answer))
        if rejected:
            sys.exit(1)


def _scale(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ArgumentTypeError("must be more than 0")
    return number


def _answer(file: Path, analyst: predictors.Analyst, scale: float | None) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            clean = open_image(stream)
    except InvalidImage as error:
        return {"status": "rejected", "reason": str(error), "problem": error.reason}
    except OSError as error:
        reason = f"The file cannot be opened: {error.strerror}."
        return {"status": "rejected", "reason": reason, "problem": "not_opened"}
    found = analyst([clean.image])[0]
    observed = build_observed(found)
    if rejection := found.rejection:
        return {
            "status": "rejected",
            "reason": explain_rejection(rejection.problem, rejection.values),
            "problem": rejection.problem,
            **observed,
        }
    result = build_result(found)
    diameter = result["abcd"].get("diameter")
    return {
        "status": "done",
        **observed,
        **result,
        "diameter_mm": diameter / (scale * clean.scale) if diameter and scale else None,
    }


def _sentence(answer: dict[str, Any]) -> str:
    # A file name is made of bytes, which need not be valid text.
    name = answer["file"].encode(errors="backslashreplace").decode()
    if answer["status"] == "rejected":
        return f"{name}: rejected. {answer['reason']}"
    return (
        f"{name}: {answer['verdict']}, {_confidence(answer)} "
        f"({answer['model']} {answer['model_version']}; not a diagnosis)"
    )


def _confidence(answer: dict[str, Any]) -> str:
    if answer["verdict"] == UNCERTAIN:
        return f"malignant {100 * answer['malignant_probability']:.1f} %"
    return f"{100 * answer['confidence']:.1f} % confident"
