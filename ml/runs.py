"""A training run on disk: its settings, its data, its history and its weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.errors import InputError

SETTINGS = "settings.json"
DATA = "data.json"
HISTORY = "history.json"
TRAINING = "training.csv"
VALIDATION = "validation.csv"
STATE = "state.weights.h5"
BEST = "best.weights.h5"


@dataclass(frozen=True)
class Settings:
    """Everything but the data that decides how a run goes.

    Attributes:
        architecture: one of `ml.architectures.ARCHITECTURES`.
        input_size: side of the square the network reads in training, in pixels; None for the
            architecture's own.
        pretrained: whether to start from ImageNet weights.
        train_from: start of the name of the first layer that is trained, e.g. ``block_5``; those
            before it keep their weights, which saves most of the time of large pictures. None
            trains all.
        earlier: settings of the run that this one starts from, or None.
        epochs: length of the cosine schedule, in passes over the data.
        patience: epochs without a better validation loss before stopping.
        batch_size: pictures a step.
        learning_rate: peak of the schedule, reached after one epoch of warm-up.
        weight_decay: decoupled weight decay of AdamW (Loshchilov & Hutter, arXiv 1711.05101).
        label_smoothing: in 0..1.
        class_balance: from 0, every picture counts the same, to 1, every class does.
        coarse_weight: factor in 0..1 on how much a picture counts whose label leaves the
            diagnosis open.
        augmentation: one of `ml.augmentation.AUGMENTATIONS`.
        precision: a Keras dtype policy; ``mixed_bfloat16`` halves the time on CPUs that have it.
        seed: of initialisation, order and augmentation.
        workers: threads that augment.
    """

    architecture: str
    input_size: int | None = None
    pretrained: bool = False
    train_from: str | None = None
    earlier: dict[str, Any] | None = None
    epochs: int = 40
    patience: int = 12
    batch_size: int = 64
    learning_rate: float = 4e-4
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    class_balance: float = 1.0
    coarse_weight: float = 1.0
    augmentation: str = "all"
    precision: str = "float32"
    seed: int = 20260
    workers: int = 2


def claim(directory: Path, settings: Settings, data: dict[str, Any]) -> None:
    """Make ``directory`` the run of these settings and data, or check that it already is.

    Raises:
        InputError: the directory holds a run with other settings or data.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, given in ((SETTINGS, asdict(settings)), (DATA, data)):
        before = _read(directory / name)
        if before is None:
            write_json(directory / name, given)
        elif before != given:
            keys = [key for key in given if before.get(key) != given[key]]
            raise InputError(
                f"{directory} holds a run with another {name}; go on with its own options or "
                f"choose another --output. Expected: { ({key: before.get(key) for key in keys}) }. "
                f"Received: { ({key: given[key] for key in keys}) }"
            )


def read_settings(directory: Path) -> Settings:
    """Return the settings of the run in ``directory``.

    Raises:
        InputError: there is no run.
    """
    return Settings(**_demand(directory, SETTINGS))


def read_data(directory: Path) -> dict[str, Any]:
    """Return the report of the data of the run in ``directory``, see `ml.selection.Selection`.

    Raises:
        InputError: there is no run.
    """
    return _demand(directory, DATA)


def read_history(directory: Path) -> list[dict[str, float]]:
    """Return the logs of the finished epochs of the run in ``directory``."""
    return _read(directory / HISTORY) or []


def best_epoch(history: Sequence[dict[str, float]]) -> int:
    """Return the index of the epoch with the lowest validation loss, the first of equals."""
    return min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"])


def has_ended(settings: Settings, history: Sequence[dict[str, float]]) -> bool:
    """Return whether a run has no epoch left, or has lost its patience."""
    done = len(history)
    return done >= settings.epochs or (
        done > 0 and done - 1 - best_epoch(history) >= settings.patience
    )


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` so that a kill leaves the old file or the new one, never half of one."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _read(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON; restore it or start another run.") from error


def _demand(directory: Path, name: str) -> Any:
    value = _read(directory / name)
    if value is None:
        raise InputError(
            f"{directory} is not a training run: it has no {name}. "
            f"Run `python -m ml train --output {directory}` first, with the options of that run."
        )
    return value
