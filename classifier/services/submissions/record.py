"""Keep what the network said about a submission. Only the worker and commands do this."""

from __future__ import annotations

import contextlib
import io
import logging
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from classifier.models import ModelVersion, Prediction
from classifier.models.observed import OBSERVED_FIELDS
from classifier.models.prediction import heat_map_path
from classifier.models.result import RESULT_FIELDS
from classifier.storage import STORAGE_ERRORS
from ml.judging.analysis import Analysis
from ml.judging.parallel import map_in_threads

logger = logging.getLogger(__name__)


@contextmanager
def store_heat_maps(analyses: Mapping[uuid.UUID, Analysis]) -> Iterator[dict[uuid.UUID, str]]:
    """Store the heat maps, and after the block delete those that no row names.

    The storage may be slow or far away, so nothing is stored while rows are locked. On SQLite, a
    lock stops every other writer.

    Args:
        analyses: by key of the submission.

    Yields:
        The names of the heat maps by key of the submission, for `record_predictions`. A name is
        empty where there is no heat map or where it could not be kept.
    """
    names = map_in_threads(_store_heat_map, analyses.items(), settings.INFERENCE_THREADS)
    try:
        yield dict(zip(analyses, names, strict=True))
    finally:
        _take_back(analyses, {name for name in names if name})


def record_predictions(
    *,
    model_version: ModelVersion,
    analyses: Mapping[uuid.UUID, Analysis],
    heat_maps: Mapping[uuid.UUID, str],
) -> None:
    """Add the predictions of ``model_version`` within the caller's transaction.

    A prediction that is there already stays as it was.

    Args:
        model_version: which network it was.
        analyses: by key of the submission. All have a judgement. The submissions are locked, so
            that nobody deletes them meanwhile.
        heat_maps: the names that `store_heat_maps` gave them.
    """
    there = set(
        Prediction.objects.filter(model_version=model_version, submission__in=analyses).values_list(
            "submission", flat=True
        )
    )
    Prediction.objects.bulk_create(
        Prediction(
            submission_id=key,
            model_version=model_version,
            heat_map=heat_maps[key],
            **build_result(analysis),
        )
        for key, analysis in analyses.items()
        if key not in there
    )


def build_observed(analysis: Analysis) -> dict[str, Any]:
    """Return what was found of any picture, rejected or not, as the `OBSERVED_FIELDS`.

    Raises:
        KeyError: there is a field that this function does not know.
    """
    told = analysis.told()
    return {name: told[name] for name in OBSERVED_FIELDS}


def build_result(analysis: Analysis) -> dict[str, Any]:
    """Return what was found as the fields of a `Result`.

    Raises:
        KeyError: there is a field that this function does not know.
    """
    told = analysis.told()
    return {name: told[name] for name in RESULT_FIELDS}


def _store_heat_map(found: tuple[uuid.UUID, Analysis]) -> str:
    """Store the heat map of a submission and return its name, which is empty where none is kept.

    The answer is kept even where a full disk has no room for the heat map.
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
        _delete(name)
        return ""


def _take_back(keys: Collection[uuid.UUID], stored: set[str]) -> None:
    """Delete stored heat maps of these submissions that no row names.

    The rows are asked, since only they can tell after a commit that failed. Where they cannot be
    asked, the files stay until `delete_unnamed_files` finds them.
    """
    if not stored:
        return
    with contextlib.suppress(DatabaseError):
        rows = Prediction.objects.filter(submission__in=keys)
        for name in stored.difference(rows.values_list("heat_map", flat=True)):
            _delete(name)


def _delete(name: str) -> None:
    # A storage that fails to write may also fail to delete.
    with contextlib.suppress(*STORAGE_ERRORS):
        default_storage.delete(name)
