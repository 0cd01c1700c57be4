"""A training run on disk has its settings, data, history and state, and its best weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import InputError
from ml.files import write_json

SETTINGS = "settings.json"
DATA = "data.json"
HISTORY = "history.json"
TRAINING = "training.csv"
VALIDATION = "validation.csv"
STATE = "state.npz"
LOG = "log.txt"
ROUNDS = "rounds"

#: The weights of so many of the best rounds stay on disk, to be averaged.
KEPT = 8


@dataclass(frozen=True)
class TrainingSettings:
    """Holds everything but the data that decides how a run goes.

    A pass shows the network one picture. A round has so many passes that a validation is worth
    while at its end.

    Attributes:
        architecture: one of `ml.architectures.ARCHITECTURES`.
        input_size: side of the square the network reads in training, in pixels; None for the
            architecture's own.
        pretrained: whether to start from ImageNet weights.
        earlier: settings of the run, or the training of the bundle, that this one starts from.
        passes: number of passes of the run.
        round_passes: number of passes of a round.
        warm_up: number of passes in which the learning rate rises from 0.
        decay: share in 0..1 of the passes at the end in which the rate falls to 0, along a cosine.
            Before that it is constant, so that a run can be gone on with (Hägele et al.,
            arXiv 2405.18392).
        batch_size: number of pictures in a step.
        learning_rate: the highest learning rate.
        weight_decay: decoupled weight decay of AdamW (Loshchilov & Hutter, arXiv 1711.05101), for
            kernels alone.
        averaging: share in [0, 1) of the moving average of the weights that a step keeps (Polyak &
            Juditsky 1992); what is validated and served is this average.
        label_smoothing: share in 0..1 of the truth that is spread over all classes.
        class_balance: number in 0..1. With 0, every picture of a domain is drawn equally often;
            with 1, every class of it is.
        shares: share of the passes by domain (`ml.data.manifest.Sample.domain`); with None, every
            picture is drawn equally often, whatever its domain.
        coarse_weight: factor in 0..1 on how often a picture is drawn if its label leaves the
            diagnosis open.
        prior_adjustment: whether the loss takes into account how common each diagnosis is in the
            domain of a picture, see `ml.training.priors`; not for a network with one logit.
        image_type_weight: factor on the loss of the kind of picture; with 0, it is not learnt.
        augmentation: one of `ml.data.augmentation.AUGMENTATIONS`.
        precision: a Keras dtype policy; ``mixed_bfloat16`` halves the time on CPUs that have it.
        seed: seed of initialisation, order and augmentation.
        workers: number of threads that augment.
    """

    architecture: str
    input_size: int | None = None
    pretrained: bool = False
    earlier: dict[str, Any] | None = None
    passes: int = 300_000
    round_passes: int = 30_000
    warm_up: int = 15_000
    decay: float = 1.0
    batch_size: int = 48
    learning_rate: float = 1e-3
    weight_decay: float = 2e-2
    averaging: float = 0.999
    label_smoothing: float = 0.05
    class_balance: float = 0.5
    shares: dict[str, float] | None = None
    coarse_weight: float = 1.0
    prior_adjustment: bool = False
    image_type_weight: float = 0.0
    augmentation: str = "all"
    precision: str = "float32"
    seed: int = 20260
    workers: int = 2

    @property
    def steps(self) -> int:
        """Return the number of steps of the whole run."""
        return max(1, self.passes // self.batch_size)

    @property
    def round_steps(self) -> int:
        """Return the number of steps of one round."""
        return max(1, min(self.steps, self.round_passes // self.batch_size))


def claim_directory(directory: Path, settings: TrainingSettings, data: dict[str, Any]) -> None:
    """Make ``directory`` the run of these settings and data, or check that it already is.

    Raises:
        InputError: the directory holds a run with other settings or data.
    """
    directory.mkdir(parents=True, exist_ok=True)
    defaults = _defaults()
    for name, given in ((SETTINGS, asdict(settings)), (DATA, data)):
        before = _read(directory / name)
        if before is None:
            write_json(directory / name, given)
            continue
        if name == SETTINGS:
            # A run that began before a field existed ran with what is now the field's default.
            before = defaults | before
        keys = [key for key in given if before.get(key) != given[key]]
        if keys:
            raise InputError(
                f"{directory} holds a run with another {name}; go on with its own options or "
                f"choose another --output. Expected: { ({key: before.get(key) for key in keys}) }. "
                f"Received: { ({key: given[key] for key in keys}) }"
            )


def read_settings(directory: Path) -> TrainingSettings:
    """Return the settings of the run in ``directory``.

    Raises:
        InputError: there is no run, or it was made by a version with other settings.
    """
    stored = _demand(directory, SETTINGS)
    unknown = sorted(stored.keys() - {field.name for field in fields(TrainingSettings)})
    if unknown:
        raise InputError(
            f"{directory} was trained by another version of this program, which knew the settings "
            f"{unknown}; use that version."
        )
    return TrainingSettings(**stored)


def read_data(directory: Path) -> dict[str, Any]:
    """Return the report of the data of the run in ``directory``, see `ml.data.selection.Selection`.

    Raises:
        InputError: there is no run.
    """
    return _demand(directory, DATA)


def read_history(directory: Path) -> list[dict[str, Any]]:
    """Return what was measured after each finished round of the run in ``directory``."""
    return _read(directory / HISTORY) or []


def write_history(directory: Path, history: Sequence[dict[str, Any]]) -> None:
    """Keep what was measured after each finished round."""
    write_json(directory / HISTORY, list(history))


def rank_rounds(history: Sequence[dict[str, Any]]) -> list[int]:
    """Return the indices of the rounds, the one with the best validation score first.

    Of equal rounds the earlier one comes first.
    """
    return sorted(range(len(history)), key=lambda index: -history[index]["score"])


def round_path(directory: Path, index: int) -> Path:
    """Return where the averaged weights of a round (counted from 0) are kept."""
    return directory / ROUNDS / f"{index + 1:04d}.npz"


def read_best(directory: Path, rounds: int = 1) -> dict[str, np.ndarray]:
    """Return the weights of the best round, or the mean of the best ones, by variable path.

    Averaging the weights of good rounds of one run gives a network that generalises better than
    each (Rame et al., "Diverse weight averaging", arXiv 2205.09739).

    Args:
        directory: directory of the run.
        rounds: how many of the best rounds to average, at most `KEPT`.

    Raises:
        InputError: the directory holds no run, or one that has not finished so many rounds.
    """
    read_settings(directory)
    best = rank_rounds(read_history(directory))[:rounds]
    if len(best) < rounds or rounds > KEPT:
        raise InputError(
            f"{directory} has {len(best)} finished rounds, of which the best {KEPT} are kept; go "
            f"on training it. Wanted: {rounds}"
        )
    total: dict[str, np.ndarray] = {}
    for index in best:
        with np.load(round_path(directory, index), allow_pickle=False) as archive:
            for name in archive.files:
                total[name] = total.get(name, 0) + archive[name] / np.float32(rounds)
    return total


def _defaults() -> dict[str, Any]:
    return asdict(TrainingSettings(architecture=""))


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
