"""This measures how much more the whole analysis of a picture costs than a call of the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from ml.judging.analysis import AnalysisSettings, analyse
from ml.judging.predictor import Predictor
from ml.judging.preprocessing import to_pixels
from ml.packaging.bundle import find
from skinsite.settings.analysis import DEFAULT_MODEL
from tests.lesions import render

ROUNDS = 60


def measure() -> Iterator[tuple[str, str, str]]:
    """Yield a row for each figure: what it is, what was measured, and the goal."""
    predictor = Predictor.load(find(DEFAULT_MODEL))
    picture = render(2, (600, 450))
    pixels = to_pixels(picture, predictor.input_size)[None]
    ways: dict[str, Callable[[], object]] = {
        "bare": partial(predictor.probabilities, pixels),
        "whole": partial(analyse, predictor, [picture]),
        "symmetries": partial(analyse, predictor, [picture], AnalysisSettings(symmetries=True)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    # The ways take turns, so that a busy moment of the machine slows all of them.
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    bare, whole, symmetries = (median(times[name]) for name in ways)
    yield (
        "whole analysis of one picture, over one bare call",
        f"{whole / bare:.2f} ({1000 * whole:.1f} ms over {1000 * bare:.1f} ms)",
        "<= 4, < 500 ms",
    )
    yield (
        "... looking at it eight times",
        f"{symmetries / bare:.2f} ({1000 * symmetries:.1f} ms)",
        "< 1500 ms",
    )
