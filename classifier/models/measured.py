"""Check the metrics of a `ModelVersion`, so that pages can show them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from classifier.models.model_version import (
    CLINICAL_SETS,
    COMPARED_SCORES,
    SHOWN_SCORES,
    SHOWN_SETS,
    scores_by_image_type,
)

#: An answer comes from one look at the picture, or is the mean over its symmetries.
ANSWERS = ("plain", "averaged")


class MetricsError(ValueError):
    """The metrics are not as they must be. The message says where, and what was found there."""


def check_metrics(metrics: object) -> None:
    """Accept metrics that every page can show.

    They hold test sets by name, and other things beside them. A set of `SHOWN_SETS` or
    `CLINICAL_SETS` has ``pictures``, which are their number by class, and ``model``, which holds
    scores by name. Each score has a ``value`` and the ``low`` and ``high`` of its interval.

    Such a set may have other scores that are shown. It may also have ``verdicts`` for one or both
    of `ANSWERS`: the ``promised`` coverage, and in ``rates`` how often each verdict is given to
    malignant and to benign lesions.

    Any set may have ``subgroups`` by ``image_type``, each with its number of ``pictures`` and
    scores. Every other number must be finite, as JSON requires.

    Raises:
        MetricsError: the metrics are wrong. It names the first fault.
    """
    for name, section in _mapping(metrics, "metrics").items():
        _check_finite(section, f"metrics.{name}")
        if name in SHOWN_SETS | CLINICAL_SETS:
            _check_set(_mapping(section, f"metrics.{name}"), f"metrics.{name}")
        for image_type, scores in scores_by_image_type(section).items():
            where = f"metrics.{name}.subgroups.image_type.{image_type}"
            _check_image_type(_mapping(scores, where), where)


def _check_image_type(found: Mapping[str, Any], path: str) -> None:
    _check_number(found.get("pictures"), f"{path}.pictures")
    for score in COMPARED_SCORES:
        # A kind of picture with few malignant lesions has no such score.
        if score in found:
            _check_score(found[score], f"{path}.{score}", may_be_none=True)


def _check_set(found: Mapping[str, Any], path: str) -> None:
    pictures = _mapping(found.get("pictures"), f"{path}.pictures")
    for name, number in pictures.items():
        _check_number(number, f"{path}.pictures.{name}")
    _mapping(found.get("model"), f"{path}.model")
    for part, name, _ in (*SHOWN_SCORES, ("model", "specificity", "")):
        scores = _mapping(found.get(part, {}), f"{path}.{part}")
        if name in scores:
            # A class without pictures has no score. Those of the model must all have one, since
            # they say what an answer means.
            _check_score(scores[name], f"{path}.{part}.{name}", may_be_none=part != "model")
    verdicts = _mapping(found.get("verdicts", {}), f"{path}.verdicts")
    for answer in ANSWERS:
        if answer in verdicts:
            where = f"{path}.verdicts.{answer}"
            _check_verdicts(_mapping(verdicts[answer], where), where)


def _check_verdicts(found: Mapping[str, Any], path: str) -> None:
    _check_share(found.get("promised"), f"{path}.promised")
    for verdict, rates in _mapping(found.get("rates"), f"{path}.rates").items():
        where = f"{path}.rates.{verdict}"
        for kind in ("malignant", "benign"):
            _check_score(_mapping(rates, where).get(kind), f"{where}.{kind}")


def _check_score(score: object, path: str, *, may_be_none: bool = False) -> None:
    found = _mapping(score, path)
    if may_be_none and found.get("value", 0) is None:
        return
    for key in ("value", "low", "high"):
        _check_share(found.get(key), f"{path}.{key}")
    if found["low"] > found["high"]:
        raise _error(path, "an interval", [found["low"], found["high"]])


def _check_number(value: object, path: str) -> None:
    if type(value) is not int or value < 0:
        raise _error(path, "a number of pictures", value)


def _check_share(value: object, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _error(path, "a number from 0 to 1", value)


def _check_finite(value: object, path: str) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_finite(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check_finite(inner, f"{path}[{number}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise _error(path, "a finite number", value)


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _error(path, "an object", value)
    return value


def _error(path: str, expected: str, value: object) -> MetricsError:
    return MetricsError(f"{path} must be {expected}. Received: {value!r:.80}")
