"""Train a network so that a killed run goes on where it stopped."""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras

from ml import architectures, augmentation, pretrained, runs
from ml.batches import Batches
from ml.dataset import load_pixels
from ml.errors import InputError
from ml.manifest import write_manifest
from ml.objective import objective, sample_weights, targets_of
from ml.progress import EpochProgress
from ml.runs import Settings
from ml.selection import Selection


class EpochStart(keras.callbacks.Callback):
    """Makes an epoch's pictures and dropout depend on nothing but the seed and its number.

    Keras keeps the state of its random generators out of a weights file, so a resumed run would
    drop the same units again; a generator counts the steps, hence its state can be computed.
    """

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches.start_epoch(epoch)
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
                state = layer.seed_generator.state
                first, _ = state.numpy()
                state.assign([first, epoch * len(self.batches)])


class Checkpoint(keras.callbacks.Callback):
    """Keeps the run's history, state and best weights on disk after every epoch.

    An epoch counts as finished once the state of weights and optimiser is on disk. The history
    is written before it, so that it may be ahead by one epoch, and the best weights, a copy of
    the state, after it; `finished_epochs` puts both right after a kill between them.
    """

    def __init__(self, directory: Path, patience: int, history: list[dict[str, float]]) -> None:
        super().__init__()
        self.directory, self.patience, self.history = directory, patience, history

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = {name: float(value) for name, value in (logs or {}).items()}
        if not all(math.isfinite(value) for value in logs.values()):
            raise InputError(
                f"The training diverged in epoch {epoch + 1}; start another run with a lower "
                f"--learning-rate. Received: {logs}"
            )
        self.history.append(logs)
        runs.write_json(self.directory / runs.HISTORY, self.history)
        partial = self.directory / f"part-{runs.STATE}"
        self.model.save_weights(partial)
        partial.replace(self.directory / runs.STATE)
        best = runs.best_epoch(self.history)
        if best == epoch:
            keep_as_best(self.directory)
        if epoch - best >= self.patience:
            self.model.stop_training = True


def keep_as_best(directory: Path) -> None:
    """Copy the state of the run in ``directory`` to its best weights."""
    partial = directory / f"part-{runs.BEST}"
    shutil.copyfile(directory / runs.STATE, partial)
    partial.replace(directory / runs.BEST)


def finished_epochs(directory: Path, optimiser: keras.Optimizer, steps: int) -> list[dict]:
    """Return the history of the epochs that the restored state has seen.

    Args:
        directory: the run, whose best weights are put right if a kill left them behind.
        optimiser: as it was restored, counting its steps.
        steps: of one epoch.

    Raises:
        InputError: the history does not reach as far as the state.
    """
    finished = int(optimiser.iterations.numpy()) // steps
    history = runs.read_history(directory)[:finished]
    if len(history) < finished:
        raise InputError(
            f"{directory / runs.HISTORY} lacks epochs that {runs.STATE} has seen; restore it or "
            f"start another run. Expected: {finished} epochs. Received: {len(history)}"
        )
    if runs.best_epoch(history) == len(history) - 1:
        keep_as_best(directory)
    return history


def train(
    settings: Settings, selection: Selection, directory: Path, start_from: Path | None = None
) -> None:
    """Train, or go on training, the run in ``directory`` until it ends.

    Args:
        settings: of the run.
        selection: its pictures, which the run's ``training.csv`` and ``validation.csv`` list.
        directory: of the run.
        start_from: run whose best weights are the first ones, e.g. one with smaller pictures.

    Raises:
        InputError: the directory holds a run with other settings or data, a picture cannot be
            read, there are fewer pictures than one batch, the loss is no longer finite, or the
            run to start from has learnt from other pictures or is of another network.
    """
    if start_from:
        settings = replace(settings, earlier=_checked_earlier(settings, selection, start_from))
    runs.claim(directory, settings, selection.report)
    write_manifest(directory / runs.TRAINING, selection.training)
    write_manifest(directory / runs.VALIDATION, selection.validation)
    steps = len(selection.training) // settings.batch_size
    if not steps:
        raise InputError(
            f"Expected at least one batch of {settings.batch_size} training pictures; lower "
            f"--batch-size. Received: {len(selection.training)} pictures"
        )
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.precision)
    try:
        model = _compiled(settings, steps)
        history: list[dict[str, float]] = []
        if (directory / runs.STATE).exists():
            model.optimizer.build(model.trainable_variables)
            model.load_weights(directory / runs.STATE)
            history = finished_epochs(directory, model.optimizer, steps)
        elif start_from:
            _go_on_from(model, start_from)
        if not runs.has_ended(settings, history):
            _fit(model, settings, selection, directory, history)
    finally:
        keras.config.set_dtype_policy("float32")


def _checked_earlier(settings: Settings, selection: Selection, earlier: Path) -> dict[str, Any]:
    """Return the settings of the run in ``earlier`` if this one may start from it."""
    before, data = runs.read_settings(earlier), runs.read_data(earlier)
    if before.architecture != settings.architecture:
        raise InputError(
            f"{earlier} is a run of another network. Expected: {settings.architecture}. "
            f"Received: {before.architecture}"
        )
    if data["fingerprint"] != selection.report["fingerprint"]:
        raise InputError(
            f"{earlier} has learnt from other pictures, perhaps from some that validate this run; "
            "give both the same data options."
        )
    return asdict(before)


def _go_on_from(model: keras.Model, earlier: Path) -> None:
    before = load_best(earlier)
    if [v.shape for v in model.weights] != [v.shape for v in before.weights]:
        raise InputError(
            f"The weights of {earlier} fit pictures of one size only; give --input-size "
            f"{before.input_shape[1]}. Received: {model.input_shape[1]}"
        )
    model.set_weights(before.get_weights())


def load_best(directory: Path) -> keras.Model:
    """Return the network of the run's best epoch, in float32 whatever it was trained in.

    Raises:
        InputError: the directory holds no run, or none that has finished an epoch.
    """
    settings = runs.read_settings(directory)
    if not (directory / runs.BEST).exists():
        raise InputError(f"{directory} has not finished an epoch yet; go on training it.")
    model = architectures.build(
        settings.architecture, kernel_initializer="zeros", input_size=settings.input_size
    )
    model.load_weights(directory / runs.BEST)
    return model


def _compiled(settings: Settings, steps: int) -> keras.Model:
    model = architectures.build(settings.architecture, input_size=settings.input_size)
    if settings.pretrained:
        pretrained.initialise(model, settings.architecture)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        steps * max(settings.epochs - 1, 1),
        warmup_target=settings.learning_rate,
        warmup_steps=steps,
    )
    if settings.train_from:
        _freeze_before(settings.train_from, model)
    wanted = objective(model.output_shape[-1], settings.label_smoothing)
    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, global_clipnorm=1.0),
        wanted.loss,
        metrics=wanted.metrics,
    )
    return model


def _freeze_before(name: str, model: keras.Model) -> None:
    names = [layer.name for layer in model.layers]
    first = next((index for index, known in enumerate(names) if known.startswith(name)), None)
    if first is None:
        raise InputError(f"There is no layer {name}; --train-from takes one of {names}.")
    for layer in model.layers[:first]:
        layer.trainable = False


def _fit(
    model: keras.Model,
    settings: Settings,
    selection: Selection,
    directory: Path,
    history: list[dict[str, float]],
) -> None:
    size, outputs = model.input_shape[1], model.output_shape[-1]
    targets = targets_of(selection.training, outputs)
    batches = Batches(
        load_pixels(selection.training, size),
        targets,
        sample_weights(targets, settings.class_balance, settings.coarse_weight),
        augmentation.AUGMENTATIONS[settings.augmentation],
        settings.batch_size,
        settings.seed,
        settings.workers,
    )
    validation = (
        load_pixels(selection.validation, size),
        targets_of(selection.validation, outputs),
    )
    progress = EpochProgress()
    with progress.bars:
        model.fit(
            batches,
            # Batches shuffles by the epoch's number; Keras would by Python's global generator.
            shuffle=False,
            initial_epoch=len(history),
            epochs=settings.epochs,
            validation_data=validation,
            validation_batch_size=settings.batch_size,
            callbacks=[
                EpochStart(batches),
                Checkpoint(directory, settings.patience, history),
                progress,
            ],
            verbose=0,
        )
