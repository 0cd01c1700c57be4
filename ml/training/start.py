"""A run can start from the weights of an earlier run, or of a bundle."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml.data.selection import Selection
from ml.errors import InputError
from ml.packaging import weights
from ml.packaging.bundle import DESCRIPTION, Bundle
from ml.taxonomy import DIAGNOSIS_CODES, SCC_AMONG_SEVEN, SEVEN_CODES
from ml.training import runs
from ml.training.runs import TrainingSettings


def describe(settings: TrainingSettings, selection: Selection, earlier: Path) -> dict[str, Any]:
    """Return how the network in ``earlier`` was trained, if a run may go on with it.

    Args:
        settings: settings of the run that wants to go on with it.
        selection: pictures of that run.
        earlier: directory of a run or of a bundle.

    Raises:
        InputError: there is neither a run nor a bundle, or the network is another one or was
            validated on other pictures.
    """
    if (earlier / DESCRIPTION).exists():
        bundle = Bundle.read(earlier)
        architecture, training, data = bundle.architecture, bundle.training, bundle.data
    else:
        before, history = runs.read_settings(earlier), runs.read_history(earlier)
        # The run may have been planned for longer than it went, and its last rounds are left out.
        passes = history[runs.rank_rounds(history)[0]]["passes"]
        architecture, training, data = (
            before.architecture,
            asdict(before) | {"passes_run": passes},
            runs.read_data(earlier),
        )
    if architecture != settings.architecture:
        raise InputError(
            f"{earlier} holds another network. Expected: {settings.architecture}. "
            f"Received: {architecture}"
        )
    if data.get("validation_fingerprint") != selection.report["validation_fingerprint"]:
        raise InputError(
            f"{earlier} was validated on other pictures, so that it may have learnt from some that "
            "validate this run; give its validation.csv as --validation."
        )
    return training


def read_weights(earlier: Path) -> dict[str, np.ndarray]:
    """Return the best weights of the run in ``earlier``, or those of the bundle, by path."""
    if not (earlier / DESCRIPTION).exists():
        return runs.read_best(earlier)
    bundle = Bundle.read(earlier)
    bundle.verify()
    return weights.read(bundle.weights_path)


def assign_weights(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Give ``model`` all weights that fit; a last layer with other answers keeps its own.

    Raises:
        InputError: weights of another layer are missing or do not fit.
    """
    for variable in model.weights:
        array = arrays.get(variable.path)
        if array is not None and variable.path.startswith("logit/"):
            array = _with_scc(array, variable.shape[-1])
        if array is not None and array.shape == tuple(variable.shape):
            variable.assign(array)
        elif not variable.path.startswith(("logit/", "image_type_logit/")):
            raise InputError(
                f"The network to start from has no {variable.path} of shape "
                f"{tuple(variable.shape)}: it is served folded only, or reads pictures of another "
                "size; start from its run, or give its --input-size."
            )


def _with_scc(array: np.ndarray, width: int) -> np.ndarray:
    """Return a last layer for the seven diagnoses as one for the eight.

    The weights of ``scc`` are those of the diagnosis that it counted as.
    """
    if (array.shape[-1], width) != (len(SEVEN_CODES), len(DIAGNOSIS_CODES)):
        return array
    order = [SCC_AMONG_SEVEN if code == "scc" else code for code in DIAGNOSIS_CODES]
    return array[..., [SEVEN_CODES.index(code) for code in order]]
