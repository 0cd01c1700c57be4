"""The predictor is the one way to inference: it turns pictures into judgements."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from ml import architectures
from ml.errors import InputError
from ml.judging import backend, explanation, limits, novelty
from ml.judging.calibration import Calibration, malignant_probability
from ml.judging.preprocessing import to_pixels
from ml.packaging import weights
from ml.packaging.bundle import Bundle, BundleError
from ml.taxonomy import ANSWERS, BENIGN, MALIGNANT

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

#: Pictures of one call of the network; more would only need more memory.
BATCH_SIZE = 32


@dataclass(frozen=True)
class Judgement:
    """Holds what a network says about one picture.

    Attributes:
        verdict: ``benign``, ``malignant``, or ``uncertain`` where they cannot be told apart at the
            promised coverage.
        malignant_probability: in 0..1, the sum over the malignant classes.
        confidence: probability in 0..1 of the likelier of benign and malignant, by the threshold.
        probabilities: calibrated, of every class, in the bundle's order; their sum is 1.
        inference_ms: milliseconds from the decoded picture to this answer; pictures that were
            analysed together share their time equally.
        possible: the classes that hold the true one with the promised coverage, see
            `ml.judging.conformal`; empty where the bundle promises nothing.
        spread: least and largest malignant probability over the picture's symmetries, or None.
    """

    verdict: str
    malignant_probability: float
    confidence: float
    probabilities: dict[str, float]
    inference_ms: float
    possible: tuple[str, ...] = ()
    spread: tuple[float, float] | None = None


class Examination(NamedTuple):
    """Holds what one call of the network gives about n pictures.

    Attributes:
        logits: ``float32 (n, k)``.
        features: ``float32 (n, d)``, means over the picture of what its middle layers give.
        heat: ``float32 (n, m, m)``, see `ml.judging.explanation.attribution`.
    """

    logits: np.ndarray
    features: np.ndarray
    heat: np.ndarray


def _examine(network: keras.Model, bundle: Bundle, pixels: tf.Tensor) -> Examination:
    import tensorflow as tf

    whole = tf.cast(pixels, tf.float32)
    *activations, logits = network(whole, training=False)
    log_odds = explanation.malignant_logit(
        logits, bundle.classes, bundle.malignant, bundle.calibration["temperature"]
    )
    heat = explanation.attribution(
        tf.gradients(log_odds, whole)[0], whole - explanation.blurred(whole)
    )
    means = [tf.reduce_mean(layer, (1, 2)) for layer in activations]
    return Examination(logits, tf.concat(means, 1), heat)


def _is_slow_alone(
    examine: Callable[[np.ndarray], object], shape: tuple[int, ...], rounds: int = 3
) -> bool:
    """Return whether one picture takes longer than two.

    On a processor with AVX2, oneDNN multiplies the 1 x 1 convolutions of a single picture by
    another way than those of several, which is three times as slow. Whether that outweighs the
    second picture depends on the network and the processor, so it is measured.
    """
    best = {1: math.inf, 2: math.inf}
    # In turns, and the best of each: a busy moment of the machine can only slow one down.
    for _ in range(rounds):
        for number in best:
            pixels = np.zeros((number, *shape), np.uint8)
            began = time.perf_counter()
            examine(pixels)
            best[number] = min(best[number], time.perf_counter() - began)
    return best[2] < best[1]


class Predictor:
    """A network that is loaded, warm, and answers the same for the same picture."""

    def __init__(self, model: keras.Model, bundle: Bundle, threads: int | None = None) -> None:
        """Compile a trained network for serving and run it once.

        Args:
            model: from pixels to probabilities, see `ml.architectures.build`.
            bundle: what its answers mean: classes, calibration and threshold.
            threads: processor threads of the work around it, see `ml.judging.parallel`.
        """
        import keras
        import tensorflow as tf

        self.bundle, self.model, self.input_size = bundle, model, model.input_shape[1]
        self.threads = threads
        self.calibration = Calibration(
            bundle.calibration["temperature"], tuple(bundle.calibration["bias"])
        )
        self.limits = limits.read(bundle)
        layers = architectures.layers_of(bundle.architecture).novelty
        network = keras.Model(
            model.input, [model.get_layer(name).output for name in (*layers, "logit")]
        )
        # One fixed signature: Model.predict in a loop grows memory (keras#13118), and a call
        # with another shape would trace, and keep, another graph.
        compiled = partial(
            tf.function,
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)],
        )
        self._network = compiled(
            lambda pixels: network(tf.cast(pixels, tf.float32), training=False)[-1]
        )
        self._examine = compiled(partial(_examine, network, bundle))
        self._in_pairs = False
        self.examine(np.zeros((1, *model.input_shape[1:]), np.uint8))
        self._in_pairs = _is_slow_alone(self.examine, model.input_shape[1:])

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Predictor:
        """Import TensorFlow, check the bundle's weights, load them and warm the network up.

        Args:
            bundle: of a network that answers benign and malignant, or the seven or eight diagnoses.
            threads: processor threads of one call and of the work around it, see `backend` and
                `parallel`.

        Raises:
            BundleError: the weights are missing, damaged, or of another network.
        """
        bundle.verify()
        if ANSWERS.get(bundle.classes) != bundle.malignant:
            raise BundleError(
                f"{bundle.name} must tell {' or '.join(map(str, ANSWERS))} apart. "
                f"Received: {bundle.classes}, of which {bundle.malignant} are malignant"
            )
        backend.start(threads)
        try:
            model = architectures.build(
                bundle.architecture,
                kernel_initializer="zeros",
                input_size=bundle.input_size,
                logits=bundle.logits,
                image_types=len(bundle.image_types),
            )
            shapes = {variable.path: tuple(variable.shape) for variable in model.weights}
            arrays = weights.load(bundle.weights_path, shapes)
        except (InputError, ValueError) as error:
            raise BundleError(f"{error}; restore the file or export the model again.") from error
        for variable in model.weights:
            variable.assign(arrays[variable.path])
        return cls(model, bundle, threads)

    def predict(self, images: Sequence[Image.Image]) -> list[Judgement]:
        """Return the judgement of every picture, in order.

        Args:
            images: decoded pictures of any size.
        """
        return [
            judgement
            for start in range(0, len(images), BATCH_SIZE)
            for judgement in self._predict_batch(images[start : start + BATCH_SIZE])
        ]

    def _predict_batch(self, images: Sequence[Image.Image]) -> list[Judgement]:
        started = time.perf_counter()
        probabilities = self.probabilities(
            np.stack([to_pixels(image, self.input_size) for image in images])
        )
        elapsed = (time.perf_counter() - started) * 1000 / len(images)
        return self.judge(probabilities, elapsed)

    def judge(self, probabilities: np.ndarray, elapsed: float) -> list[Judgement]:
        """Return the judgements that ``float (n, classes)`` probabilities make.

        Args:
            probabilities: calibrated.
            elapsed: milliseconds that each took.
        """
        malignant = self.malignant(probabilities)
        return [
            self._judgement(*answer, elapsed)
            for answer in zip(probabilities.tolist(), malignant.tolist(), strict=True)
        ]

    def malignant(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the malignant probability, ``float (n,)``, of ``float (n, classes)``."""
        return malignant_probability(probabilities, self.bundle.classes, self.bundle.malignant)

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return the network's outputs for every picture by one call.

        Args:
            pixels: ``uint8 (n, input_size, input_size, 3)`` of `preprocessing.to_pixels`.

        Returns:
            ``float32 (n, k)``: malignant alone, or one a diagnosis.
        """
        return self._network(self._paired(pixels)).numpy()[: len(pixels)]

    def examine(self, pixels: np.ndarray) -> Examination:
        """Return the outputs for every picture, with what tells strange ones and where it looked.

        Costs two to three times what `logits` does, for the gradient.

        Args:
            pixels: see `logits`.
        """
        found = self._examine(self._paired(pixels))
        return Examination(*(part.numpy()[: len(pixels)] for part in found))

    def _paired(self, pixels: np.ndarray) -> np.ndarray:
        """Return the pictures, a single one twice where that is faster."""
        return np.repeat(pixels, 2, axis=0) if self._in_pairs and len(pixels) == 1 else pixels

    def strangeness(self, examination: Examination) -> np.ndarray | None:
        """Return how unlike training pictures each is, ``float (n,)``; see `ml.judging.novelty`.

        None where the bundle has no statistics to tell it by. Not finite where the network gave
        numbers that are not.
        """
        method = self.bundle.novelty.get("method")
        if method is None:
            return None
        if method == "energy":
            return novelty.energy(examination.logits, self.calibration.temperature)
        arrays = limits.novelty_arrays(self.limits)
        if method == "outlier_exposure":
            return novelty.Exposure(**arrays)(examination.features)
        whitened = novelty.Whitening(arrays["mean"], arrays["components"])(examination.features)
        if method == "mahalanobis":
            return novelty.mahalanobis(whitened)
        return novelty.nearest_neighbours(whitened, arrays["references"])

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of every picture by one call of the network.

        Args:
            pixels: see `logits`.

        Returns:
            ``float64 (n, classes)``.
        """
        return self.calibration.probabilities(self.logits(pixels))

    def _judgement(self, probabilities: list[float], malignant: float, elapsed: float) -> Judgement:
        verdict = MALIGNANT if malignant >= self.bundle.threshold else BENIGN
        return Judgement(
            verdict,
            malignant,
            malignant if verdict == MALIGNANT else 1 - malignant,
            dict(zip(self.bundle.classes, probabilities, strict=True)),
            elapsed,
        )
