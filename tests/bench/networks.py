"""This measures how fast the shipped networks answer, and how fast one is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from ml.data import augmentation
from ml.judging import backend
from ml.judging.preprocessing import to_pixels
from ml.packaging.bundle import find
from tests.lesions import render

if TYPE_CHECKING:
    from ml.judging.predictor import Predictor

SLOW, FAST = "seven-stage", "lesion-net"
PICTURES, ROUNDS = 128, 3
#: A worker takes so many pictures at once, see ANALYSIS_BATCH_SIZE.
TOGETHER = 16
BATCH_SIZE, SIZE = 32, 128


def measure() -> Iterator[tuple[str, str, str]]:
    """Yield a row for each figure: what it is, what was measured, and the goal."""
    backend.start()
    from ml.judging.predictor import Predictor

    predictors = {name: Predictor.load(find(name)) for name in (SLOW, FAST)}
    yield _inference(predictors)
    for name, predictor in predictors.items():
        yield _examination(name, predictor)
    yield _training()


def _inference(predictors: dict[str, Predictor]) -> tuple[str, str, str]:
    picture = render(1, (600, 450))
    times: dict[str, list[float]] = {name: [] for name in predictors}
    # The networks take turns, so that a busy moment of the machine slows both.
    for _ in range(40):
        for name, predictor in predictors.items():
            began = time.perf_counter()
            predictor.probabilities(to_pixels(picture, predictor.input_size)[None])
            times[name].append(1000 * (time.perf_counter() - began))
    slow, fast = (median(times[name]) for name in (SLOW, FAST))
    return (
        f"inference of one picture, {FAST} over {SLOW}",
        f"{fast / slow:.2f} ({fast:.1f} ms over {slow:.1f} ms)",
        "at most 1",
    )


def _examination(name: str, predictor: Predictor) -> tuple[str, str, str]:
    """Return what a call with the gradient costs a picture, for one picture and for several."""
    pixels = np.zeros((TOGETHER, predictor.input_size, predictor.input_size, 3), np.uint8)
    times: dict[int, list[float]] = {1: [], TOGETHER: []}
    predictor.examine(pixels)
    for _ in range(15):
        for number, found in times.items():
            began = time.perf_counter()
            predictor.examine(pixels[:number])
            found.append(1000 * (time.perf_counter() - began) / number)
    alone, together = (median(found) for found in times.values())
    return (
        f"{name} with its gradient, one picture alone over one of {TOGETHER}",
        f"{alone / together:.2f} ({alone:.1f} ms over {together:.1f} ms)",
        "at most 3",
    )


def _training() -> tuple[str, str, str]:
    from ml.training.batches import Batches
    from ml.training.loop import build_compiled
    from ml.training.runs import TrainingSettings

    random = np.random.default_rng(0)
    model = build_compiled(
        TrainingSettings("efficientnet_lite0", input_size=SIZE, batch_size=BATCH_SIZE)
    )
    side = augmentation.stored_side(SIZE)
    pixels = np.stack([np.asarray(render(seed, (side, side))) for seed in range(PICTURES)])
    targets = np.eye(8, dtype=np.float32)[random.integers(0, 8, PICTURES)]
    chances = np.full(PICTURES, 1 / PICTURES)
    augment = augmentation.augmenter("all", SIZE)
    batches = Batches(pixels, [targets], chances, augment, BATCH_SIZE, seed=1, workers=2)
    steps = PICTURES // BATCH_SIZE
    same = batches.batch(0)

    def bare() -> None:
        for _ in range(steps):
            model.train_on_batch(*same)

    def whole() -> None:
        for batch in batches.between(0, steps):
            model.train_on_batch(*batch)

    speeds: dict[Callable[[], None], list[float]] = {step: [] for step in (bare, whole)}
    for step in speeds:
        step()
    for _ in range(ROUNDS):
        for step, found in speeds.items():
            started = time.perf_counter()
            step()
            found.append(PICTURES / (time.perf_counter() - started))
    steady, fed = (median(found) for found in speeds.values())
    return (
        f"training pictures a second, augmented, over a bare step ({SIZE} px)",
        f"{fed / steady:.2f} ({fed:.0f} over {steady:.0f})",
        "at least 0.9",
    )
