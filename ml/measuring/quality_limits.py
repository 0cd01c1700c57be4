"""Count what share of a source's pictures each limit of `ml.judging.quality` refuses."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from ml.data.dataset import read_sample
from ml.data.manifest import Sample
from ml.judging.analysis import quality_of
from ml.judging.parallel import map_in_threads
from ml.judging.quality import HIGHEST, LOWEST, Quality, problem

#: Nearly all pictures of a source lie between the outer ones of these quantiles of a measure.
QUANTILES = (0.002, 0.005, 0.01, 0.02, 0.5, 0.98, 0.99, 0.995, 0.998)


def drawn(samples: Sequence[Sample], number: int, seed: int) -> dict[str, list[Sample]]:
    """Return, by domain, at most ``number`` of its pictures, drawn at random."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.domain or "unnamed", []).append(sample)
    return {
        name: random.Random(seed).sample(chosen, min(number, len(chosen)))  # noqa: S311 (no secret)
        for name, chosen in sorted(found.items())
    }


def measure_all(samples: Sequence[Sample]) -> list[Quality]:
    """Return what is measured of every picture."""
    return map_in_threads(lambda sample: quality_of(read_sample(sample)), samples)


def shares_refused(measured: Sequence[Quality]) -> dict[str, Any]:
    """Return the share that ``each`` limit refuses, by its measure, and that ``any`` refuses.

    ``quantiles`` holds `QUANTILES` of every measure.
    """
    values = {
        field.name: np.array([getattr(found, field.name) for found in measured])
        for field in fields(Quality)
    }
    each = {name: values[name] < lowest for name, (_, lowest) in LOWEST.items()}
    each |= {name: values[name] > highest for name, (_, highest) in HIGHEST.items()}
    return {
        "pictures": len(measured),
        "any": float(np.mean([problem(found) is not None for found in measured])),
        "each": {name: float(refused.mean()) for name, refused in each.items()},
        "quantiles": {
            name: np.quantile(found, QUANTILES).tolist() for name, found in values.items()
        },
    }
