"""One file holds all that a training run needs to go on as if it had never stopped."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np

from ml.errors import InputError
from ml.files import write_arrays
from ml.training.moving_average import MovingAverage

Arrays = dict[str, np.ndarray]


def save(path: Path, model: keras.Model, average: MovingAverage, losses: list[float]) -> None:
    """Write weights, their average, the optimiser, random generators and the round's losses."""
    arrays: Arrays = {
        "losses": np.array(losses, np.float32),
        "average_step": np.array(average.step),
    }
    for part, variables in _variables(model).items():
        arrays |= {f"{part}/{index}": variable.numpy() for index, variable in enumerate(variables)}
    arrays |= {f"average/{name}": array for name, array in average.arrays.items()}
    write_arrays(path, arrays, compressed=False)


def restore(path: Path, model: keras.Model, average: MovingAverage) -> list[float]:
    """Bring everything back to what `save` wrote, and return the losses of the unfinished round.

    Raises:
        InputError: the file is damaged or of another network.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        for part, variables in _variables(model).items():
            for index, variable in enumerate(variables):
                variable.assign(arrays[f"{part}/{index}"])
        for name in average.arrays:
            average.arrays[name] = arrays[f"average/{name}"]
        average.step = int(arrays["average_step"])
        return arrays["losses"].tolist()
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} is damaged or of another network; start another run. ({error})"
        ) from error


def _variables(model: keras.Model) -> dict[str, list[keras.Variable]]:
    weights = {id(variable) for variable in model.weights}
    metrics = {id(variable) for variable in model.metrics_variables}
    generators = [
        variable
        for variable in model.variables
        if id(variable) not in weights and id(variable) not in metrics
    ]
    return {
        "weights": model.weights,
        "generators": generators,
        "optimiser": model.optimizer.variables,
    }
