"""Keep what the network said about a submission. Runs in the worker and in commands only."""

from __future__ import annotations

import contextlib
import io
import logging
from dataclasses import asdict
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from classifier.models import ModelVersion, Prediction, Submission
from classifier.models.prediction import heat_map_path
from classifier.storage import STORAGE_ERRORS
from ml.analysis import Analysis

logger = logging.getLogger(__name__)


def record(submission: Submission, model_version: ModelVersion, analysis: Analysis) -> Prediction:
    """Add the prediction of ``model_version``; one that is there already stays as it was.

    Within the caller's transaction.

    Args:
        submission: one that is locked, so that nobody deletes it meanwhile.
        model_version: which network it was.
        analysis: one with a diagnosis.
    """
    prediction, created = Prediction.objects.get_or_create(
        submission=submission, model_version=model_version, defaults=_fields(analysis)
    )
    if created and analysis.heat_map:
        _keep_heat_map(prediction, analysis)
    return prediction


def _fields(analysis: Analysis) -> dict[str, Any]:
    diagnosis = analysis.diagnosis
    assert diagnosis is not None
    low, high = diagnosis.spread or (None, None)
    return {
        "verdict": diagnosis.verdict,
        "malignant_probability": diagnosis.malignant_probability,
        "confidence": diagnosis.confidence,
        "probabilities": diagnosis.probabilities,
        "possible": list(diagnosis.possible),
        "coverage": analysis.coverage,
        "spread_low": low,
        "spread_high": high,
        "heat_inside": analysis.heat_inside,
        "abcd": asdict(analysis.abcd) if analysis.abcd else {},
        "inference_ms": diagnosis.inference_ms,
    }


def _keep_heat_map(prediction: Prediction, analysis: Analysis) -> None:
    """Store the heat map, or leave it out: a full disk must not take the answer along."""
    assert analysis.heat_map is not None
    content = io.BytesIO()
    analysis.heat_map.save(content, "PNG", compress_level=3)
    name = heat_map_path(prediction, "")
    try:
        default_storage.save(name, ContentFile(content.getvalue()))
    except STORAGE_ERRORS as error:
        logger.error("No heat map of %s: %s", prediction.submission_id, error)
        # A storage that fails to write may fail to delete.
        with contextlib.suppress(*STORAGE_ERRORS):
            default_storage.delete(name)
        return
    prediction.heat_map.name = name
    prediction.save(update_fields=["heat_map"])
