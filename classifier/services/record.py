"""Keep what the network said about a submission. Runs in the worker and in commands only."""

from __future__ import annotations

import contextlib
import io
import logging
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from classifier.models import ModelVersion, Prediction
from classifier.models.prediction import heat_map_path
from classifier.storage import STORAGE_ERRORS
from ml.analysis import Analysis
from ml.parallel import each

logger = logging.getLogger(__name__)


def record(model_version: ModelVersion, analyses: Mapping[uuid.UUID, Analysis]) -> None:
    """Add the predictions of ``model_version``; one that is there already stays as it was.

    Within the caller's transaction.

    Args:
        model_version: which network it was.
        analyses: by key of the submission; all with a diagnosis, and of submissions that are
            locked, so that nobody deletes them meanwhile.
    """
    there = set(
        Prediction.objects.filter(model_version=model_version, submission__in=analyses).values_list(
            "submission", flat=True
        )
    )
    new = {key: analysis for key, analysis in analyses.items() if key not in there}
    heat_maps = each(_keep_heat_map, new.items(), settings.INFERENCE_THREADS)
    Prediction.objects.bulk_create(
        Prediction(
            submission_id=key, model_version=model_version, heat_map=heat_map, **_fields(analysis)
        )
        for (key, analysis), heat_map in zip(new.items(), heat_maps, strict=True)
    )


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


def _keep_heat_map(found: tuple[uuid.UUID, Analysis]) -> str:
    """Store the heat map of a submission and return its name, empty where none is kept.

    A full disk must not take the answer along.
    """
    key, analysis = found
    if analysis.heat_map is None:
        return ""
    content = io.BytesIO()
    analysis.heat_map.save(content, "PNG", compress_level=3)
    name = heat_map_path()
    try:
        return default_storage.save(name, ContentFile(content.getvalue()))
    except STORAGE_ERRORS as error:
        logger.error("No heat map of %s: %s", key, error)
        # A storage that fails to write may fail to delete.
        with contextlib.suppress(*STORAGE_ERRORS):
            default_storage.delete(name)
        return ""
