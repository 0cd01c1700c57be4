from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classifier.uploads import InvalidImage, open_image
from ml.bundle import Bundle, BundleError, find
from ml.predictor import Predictor

FIELDS = (
    "file",
    "status",
    "reason",
    "verdict",
    "malignant_probability",
    "confidence",
    "probabilities",
    "model",
    "model_version",
    "inference_ms",
)


class Command(BaseCommand):
    help = "Analyse pictures without database or broker. For education and research only."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--model", default=settings.DEFAULT_MODEL, metavar="NAME")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            bundle = find(options["model"], settings.BUNDLES_DIR)
            predictor = Predictor.load(bundle, threads=settings.INFERENCE_THREADS)
        except BundleError as error:
            raise CommandError(str(error)) from None
        rejected = 0
        for file in options["files"]:
            answer = self._analyse(file, bundle, predictor)
            rejected += answer["status"] == "rejected"
            self.stdout.write(json.dumps(answer) if options["json"] else _sentence(answer))
        if rejected:
            sys.exit(1)

    def _analyse(self, file: Path, bundle: Bundle, predictor: Predictor) -> dict[str, Any]:
        answer: dict[str, Any] = dict.fromkeys(FIELDS)
        answer |= {"file": str(file), "model": bundle.name, "model_version": bundle.version}
        try:
            with file.open("rb") as stream:
                image = open_image(stream).image
        except InvalidImage as error:
            return answer | {"status": "rejected", "reason": str(error)}
        except OSError as error:
            reason = f"The file cannot be opened: {error.strerror}."
            return answer | {"status": "rejected", "reason": reason}
        diagnosis = predictor.predict([image])[0]
        return answer | {
            "status": "done",
            "verdict": diagnosis.verdict,
            "malignant_probability": diagnosis.malignant_probability,
            "confidence": diagnosis.confidence,
            "probabilities": diagnosis.probabilities,
            "inference_ms": round(diagnosis.inference_ms, 2),
        }


def _sentence(answer: dict[str, Any]) -> str:
    # The bytes of a file name need be no text.
    name = answer["file"].encode(errors="backslashreplace").decode()
    if answer["status"] == "rejected":
        return f"{name}: rejected. {answer['reason']}"
    return (
        f"{name}: {answer['verdict']}, {100 * answer['confidence']:.1f} % confident "
        f"({answer['model']} {answer['model_version']}; not a diagnosis)"
    )
