"""Train a network so that a killed run goes on where it stopped."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ml import architectures
from ml.architectures.folding import fold
from ml.data import augmentation
from ml.data.dataset import load_pixels
from ml.data.manifest import Sample, write_manifest
from ml.data.selection import Selection
from ml.errors import InputError
from ml.files import write_arrays
from ml.taxonomy import IMAGE_TYPES
from ml.training import pretrained, runs, start, state
from ml.training.batches import Batches, chances
from ml.training.moving_average import MovingAverage
from ml.training.objective import image_type_targets, losses, targets_of
from ml.training.priors import domain_priors
from ml.training.progress import TrainingProgress, describe_round
from ml.training.runs import TrainingSettings
from ml.training.schedule import WarmUpHoldDecay
from ml.training.validation import overall_score, score_domains

#: The state goes to disk after so many steps, so that a kill loses at most so many.
SAVE_EVERY = 200

#: While validating, one call of the network takes so many pictures.
VALIDATION_BATCH = 64


def train(
    settings: TrainingSettings,
    selection: Selection,
    directory: Path,
    start_from: Path | None = None,
) -> None:
    """Train, or go on training, the run in ``directory`` until it ends.

    Args:
        settings: settings of the run.
        selection: its pictures, which the run's ``training.csv`` and ``validation.csv`` list.
        directory: directory of the run.
        start_from: run or bundle whose weights it starts from, e.g. one with smaller pictures or
            fewer diagnoses.

    Raises:
        InputError: the directory holds a run with other settings or data, a picture cannot be
            read, the loss is no longer finite, or the network to start from is not one that this
            run may go on with.
    """
    if start_from:
        settings = replace(settings, earlier=start.describe(settings, selection, start_from))
    runs.claim_directory(directory, settings, selection.report)
    write_manifest(directory / runs.TRAINING, selection.training)
    write_manifest(directory / runs.VALIDATION, selection.validation)
    keras.utils.set_random_seed(settings.seed)
    keras.config.set_dtype_policy(settings.precision)
    try:
        run = _Run(settings, directory)
        if (directory / runs.STATE).exists():
            run.restore()
        elif start_from:
            start.assign_weights(run.model, start.read_weights(start_from))
            run.average = MovingAverage(settings.averaging, run.model.weights)
        if run.step < settings.steps:
            run.train(selection)
    finally:
        keras.config.set_dtype_policy("float32")


def load_best(directory: Path, rounds: int = 1, input_size: int | None = None) -> keras.Model:
    """Return the network of the run's best rounds as it is served, in float32.

    Args:
        directory: directory of the run.
        rounds: see `ml.training.runs.read_best`.
        input_size: side of the pictures that it is served with; by default that of training.

    Raises:
        InputError: the network of the run reads pictures of one size alone, and not of this one.
    """
    settings = runs.read_settings(directory)
    model = _build_served(replace(settings, input_size=input_size or settings.input_size))
    arrays = fold(runs.read_best(directory, rounds))
    for variable in model.weights:
        array = arrays[variable.path]
        if array.shape != tuple(variable.shape):
            raise InputError(
                f"The {settings.architecture} of {directory} cannot read pictures of "
                f"{input_size} pixels; leave out --input-size."
            )
        variable.assign(array)
    return model


class _Run:
    """Holds a network in training.

    Attributes:
        model: the compiled network.
        average: moving average of its weights.
        step: number of steps that are done.
        losses: losses of the steps of the unfinished round.
        history: what was measured after the finished rounds.
    """

    def __init__(self, settings: TrainingSettings, directory: Path) -> None:
        self.settings, self.directory = settings, directory
        self.model = build_compiled(settings)
        self.average = MovingAverage(settings.averaging, self.model.weights)
        self.losses: list[float] = []
        self.history: list[dict[str, Any]] = []

    @property
    def step(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def restore(self) -> None:
        """Go back to what is on disk, and drop rounds of the history that the state lacks."""
        self.losses = state.restore(self.directory / runs.STATE, self.model, self.average)
        finished = self.step // self.settings.round_steps
        self.history = runs.read_history(self.directory)[:finished]
        if len(self.history) < finished:
            raise InputError(
                f"{self.directory / runs.HISTORY} lacks rounds that {runs.STATE} has seen; restore "
                f"it or start another run. Expected: {finished} rounds. "
                f"Received: {len(self.history)}"
            )

    def save(self) -> None:
        state.save(self.directory / runs.STATE, self.model, self.average, self.losses)

    def train(self, selection: Selection) -> None:
        settings, first = self.settings, self.step
        batches = _prepare_batches(settings, selection.training, self.model)
        validation = _Validation(settings, selection.validation)
        size = settings.batch_size
        log = self.directory / runs.LOG
        with TrainingProgress(log, settings.steps * size, first * size) as progress:
            try:
                for pixels, targets in batches.between(first, settings.steps):
                    loss = self.model.train_on_batch(pixels, targets, return_dict=True)["loss"]
                    self._finish_step(float(loss), validation, progress)
            except KeyboardInterrupt:
                self.save()
                raise

    def _finish_step(
        self, loss: float, validation: _Validation, progress: TrainingProgress
    ) -> None:
        step, passes = self.step, self.step * self.settings.batch_size
        if not math.isfinite(loss):
            raise InputError(
                f"The training diverged after {passes} passes; start another run with a lower "
                f"--learning-rate. Received: a loss of {loss}"
            )
        self.losses.append(loss)
        ends_round = step % self.settings.round_steps == 0
        if ends_round or self.average.is_due(step):
            self.average.update(self.model.weights, step)
        progress.step(passes, loss)
        if ends_round:
            self._finish_round(validation, progress)
        elif step % SAVE_EVERY == 0:
            self.save()
            progress.tell(passes, f"loss {np.mean(self.losses[-SAVE_EVERY:]):.4f}")

    def _finish_round(self, validation: _Validation, progress: TrainingProgress) -> None:
        passes = self.step * self.settings.batch_size
        domains = validation.score(self.average.arrays)
        entry = {
            "passes": passes,
            "loss": float(np.mean(self.losses)),
            "score": overall_score(domains),
            "domains": domains,
        }
        self.losses = []
        self.history.append(entry)
        self._keep_round()
        runs.write_history(self.directory, self.history)
        self.save()
        progress.tell(passes, describe_round(entry))

    def _keep_round(self) -> None:
        """Write the round's weights, and delete those of rounds that are no longer among the best.

        A kill in between leaves too many files, and the next round deletes them.
        """
        index = len(self.history) - 1
        path = runs.round_path(self.directory, index)
        path.parent.mkdir(exist_ok=True)
        write_arrays(path, self.average.arrays, compressed=False)
        best = {
            runs.round_path(self.directory, kept)
            for kept in runs.rank_rounds(self.history)[: runs.KEPT]
        }
        for other in set(path.parent.glob("*.npz")) - best:
            other.unlink()


class _Validation:
    """Holds the validation pictures, and the network as it will be served."""

    def __init__(self, settings: TrainingSettings, samples: list[Sample]) -> None:
        self.samples = samples
        self.model = _build_served(settings)
        self.pixels = load_pixels(samples, self.model.input_shape[1])

    def score(self, arrays: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Return the scores of a network with the weights ``arrays``, by domain."""
        folded = fold(arrays)
        for variable in self.model.weights:
            variable.assign(folded[variable.path])
        outputs = self.model.predict(self.pixels, batch_size=VALIDATION_BATCH, verbose=0)
        probabilities, image_types = outputs if isinstance(outputs, list) else (outputs, None)
        if probabilities.shape[1] == 1:
            probabilities = np.hstack([1 - probabilities, probabilities])
        return score_domains(self.samples, probabilities, image_types)


def _build(settings: TrainingSettings, *, normalised: bool, initializer: str) -> keras.Model:
    return architectures.build(
        settings.architecture,
        kernel_initializer=initializer,
        input_size=settings.input_size,
        image_types=len(IMAGE_TYPES) if settings.image_type_weight else 0,
        normalised=normalised,
    )


def _build_served(settings: TrainingSettings) -> keras.Model:
    return _build(settings, normalised=False, initializer="zeros")


def build_compiled(settings: TrainingSettings) -> keras.Model:
    """Return the network of a run, with its loss and its optimiser, before the first step."""
    normalised = architectures.has_normalisation(settings.architecture)
    model = _build(settings, normalised=normalised, initializer="glorot_uniform")
    if settings.pretrained:
        pretrained.initialise(model, settings.architecture)
    schedule = WarmUpHoldDecay(
        settings.learning_rate,
        steps=settings.steps,
        warm_up=settings.warm_up // settings.batch_size,
        decay=round(settings.steps * settings.decay),
    )
    optimiser = keras.optimizers.AdamW(
        schedule, weight_decay=settings.weight_decay, global_clipnorm=1.0
    )
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    logits = model.get_layer("logit").output.shape[-1]
    if settings.prior_adjustment and logits == 1:
        raise InputError(f"{settings.architecture} names no diagnoses, so none can be common.")
    wanted, counts = losses(
        logits,
        settings.label_smoothing,
        settings.image_type_weight,
        prior_adjustment=settings.prior_adjustment,
    )
    model.compile(optimiser, wanted, loss_weights=counts)
    optimiser.build(model.trainable_variables)
    return model


def _prepare_batches(
    settings: TrainingSettings, samples: list[Sample], model: keras.Model
) -> Batches:
    size = model.input_shape[1]
    logits = model.get_layer("logit").output.shape[-1]
    drawn = chances(
        samples,
        class_balance=settings.class_balance,
        coarse_weight=settings.coarse_weight,
        shares=settings.shares,
    )
    targets = [targets_of(samples, logits)]
    if settings.prior_adjustment:
        targets[0] = np.hstack([targets[0], domain_priors(samples, drawn, logits)])
    if settings.image_type_weight:
        targets.append(image_type_targets(samples))
    return Batches(
        load_pixels(samples, augmentation.stored_side(size)),
        targets,
        drawn,
        augmentation.augmenter(settings.augmentation, size),
        settings.batch_size,
        settings.seed,
        settings.workers,
    )
