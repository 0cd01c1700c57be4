"""The one door to inference: pictures in, diagnoses out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ml import architectures, backend, weights
from ml.bundle import Bundle, BundleError
from ml.calibration import Calibration, malignant_probability
from ml.errors import InputError
from ml.preprocessing import to_pixels
from ml.taxonomy import BENIGN, BINARY_CLASSES, DIAGNOSIS_CODES, MALIGNANT, MALIGNANT_CODES

if TYPE_CHECKING:
    import keras

#: Pictures of one call of the network; more would only need more memory.
BATCH_SIZE = 32

#: What a network can answer, and which of it is malignant.
ANSWERS = {BINARY_CLASSES: (MALIGNANT,), DIAGNOSIS_CODES: MALIGNANT_CODES}


@dataclass(frozen=True)
class Diagnosis:
    """What a network says about one picture.

    Attributes:
        verdict: ``benign`` or ``malignant``.
        malignant_probability: in 0..1, the sum over the malignant classes.
        confidence: probability of the verdict, in 0..1.
        probabilities: calibrated, of every class, in the bundle's order; their sum is 1.
        inference_ms: milliseconds from the decoded picture to this answer; pictures that were
            analysed together share their time equally.
    """

    verdict: str
    malignant_probability: float
    confidence: float
    probabilities: dict[str, float]
    inference_ms: float


class Predictor:
    """A network that is loaded, warm, and answers the same for the same picture."""

    def __init__(self, model: keras.Model, bundle: Bundle) -> None:
        """Compile a trained network for serving and run it once.

        Args:
            model: from pixels to probabilities, see `ml.architectures.build`.
            bundle: what its answers mean: classes, calibration and threshold.
        """
        import keras
        import tensorflow as tf

        self.bundle, self.input_size = bundle, model.input_shape[1]
        self.calibration = Calibration(
            bundle.calibration["temperature"], tuple(bundle.calibration["bias"])
        )
        network = keras.Model(model.input, model.get_layer("logit").output)
        # One fixed signature: Model.predict in a loop grows memory (keras#13118), and a call
        # with another shape would trace, and keep, another graph.
        self._network = tf.function(
            lambda pixels: network(tf.cast(pixels, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)],
        )
        self.probabilities(np.zeros((1, *model.input_shape[1:]), np.uint8))

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Predictor:
        """Import TensorFlow, check the bundle's weights, load them and warm the network up.

        Args:
            bundle: of a network that answers benign and malignant, or the seven diagnoses.
            threads: processor threads of one call, see `ml.backend.start`.

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
        model = architectures.build(
            bundle.architecture, kernel_initializer="zeros", input_size=bundle.input_size
        )
        try:
            if model.output_shape[-1] != bundle.logits:
                raise InputError(f"{bundle.architecture} gives {model.output_shape[-1]} answers")
            shapes = {variable.path: tuple(variable.shape) for variable in model.weights}
            arrays = weights.load(bundle.weights_path, shapes)
        except InputError as error:
            raise BundleError(f"{error}; restore the file or export the model again.") from error
        for variable in model.weights:
            variable.assign(arrays[variable.path])
        return cls(model, bundle)

    def predict(self, images: Sequence[Image.Image]) -> list[Diagnosis]:
        """Return the diagnosis of every picture, in order.

        Args:
            images: decoded pictures of any size.
        """
        return [
            diagnosis
            for start in range(0, len(images), BATCH_SIZE)
            for diagnosis in self._predict_batch(images[start : start + BATCH_SIZE])
        ]

    def _predict_batch(self, images: Sequence[Image.Image]) -> list[Diagnosis]:
        started = time.perf_counter()
        probabilities = self.probabilities(
            np.stack([to_pixels(image, self.input_size) for image in images])
        )
        elapsed = (time.perf_counter() - started) * 1000 / len(images)
        malignant = malignant_probability(probabilities, self.bundle.classes, self.bundle.malignant)
        return [
            self._diagnosis(*answer, elapsed)
            for answer in zip(probabilities.tolist(), malignant.tolist(), strict=True)
        ]

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return the network's outputs for every picture by one call.

        Args:
            pixels: ``uint8 (n, input_size, input_size, 3)`` of `ml.preprocessing.to_pixels`.

        Returns:
            ``float32 (n, k)``: malignant alone, or one a diagnosis.
        """
        return self._network(pixels).numpy()

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of every picture by one call of the network.

        Args:
            pixels: see `logits`.

        Returns:
            ``float64 (n, classes)``.
        """
        return self.calibration.probabilities(self.logits(pixels))

    def _diagnosis(self, probabilities: list[float], malignant: float, elapsed: float) -> Diagnosis:
        verdict = MALIGNANT if malignant >= self.bundle.threshold else BENIGN
        return Diagnosis(
            verdict,
            malignant,
            malignant if verdict == MALIGNANT else 1 - malignant,
            dict(zip(self.bundle.classes, probabilities, strict=True)),
            elapsed,
        )
