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
from ml.errors import InputError
from ml.preprocessing import to_pixels
from ml.taxonomy import BENIGN, BINARY_CLASSES, MALIGNANT

if TYPE_CHECKING:
    import keras

#: Pictures of one call of the network; more would only need more memory.
BATCH_SIZE = 32


@dataclass(frozen=True)
class Diagnosis:
    """What a network says about one picture.

    Attributes:
        verdict: ``benign`` or ``malignant``.
        malignant_probability: in 0..1.
        confidence: probability of the verdict, in 0..1.
        probabilities: of every class, in the bundle's order; their sum is 1.
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

    def __init__(self, model: keras.Model, threshold: float) -> None:
        """Compile a trained network for serving and run it once.

        Args:
            model: from pixels to malignant probabilities, see `ml.architectures.build`.
            threshold: malignant probability in 0..1 from which on the verdict is malignant.
        """
        import tensorflow as tf

        self.input_size, self.threshold = model.input_shape[1], threshold
        # One fixed signature: Model.predict in a loop grows memory (keras#13118), and a call
        # with another shape would trace, and keep, another graph.
        self._network = tf.function(
            lambda pixels: model(tf.cast(pixels, tf.float32), training=False),
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)],
        )
        self.probabilities(np.zeros((1, *model.input_shape[1:]), np.uint8))

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Predictor:
        """Import TensorFlow, check the bundle's weights, load them and warm the network up.

        Args:
            bundle: of a network with the classes benign and malignant.
            threads: processor threads of one call, see `ml.backend.start`.

        Raises:
            BundleError: the weights are missing, damaged, or of another network.
        """
        bundle.verify()
        if bundle.classes != BINARY_CLASSES or bundle.malignant != (MALIGNANT,):
            raise BundleError(
                f"{bundle.name} must tell {BINARY_CLASSES} apart. Received: {bundle.classes}"
            )
        backend.start(threads)
        model = architectures.build(bundle.architecture, kernel_initializer="zeros")
        if model.input_shape[1] != bundle.input_size:
            raise BundleError(
                f"{bundle.name}: input_size must be {model.input_shape[1]} for "
                f"{bundle.architecture}. Received: {bundle.input_size}"
            )
        try:
            shapes = {variable.path: tuple(variable.shape) for variable in model.weights}
            arrays = weights.load(bundle.weights_path, shapes)
        except InputError as error:
            raise BundleError(f"{error}; restore the file or export the model again.") from error
        for variable in model.weights:
            variable.assign(arrays[variable.path])
        return cls(model, bundle.threshold)

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
        return [self._diagnosis(probability, elapsed) for probability in probabilities.tolist()]

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Return the malignant probability of every picture by one call of the network.

        Args:
            pixels: ``uint8 (n, input_size, input_size, 3)`` of `ml.preprocessing.to_pixels`.

        Returns:
            ``float32 (n,)``.
        """
        return self._network(pixels).numpy()[:, 0]

    def _diagnosis(self, malignant: float, elapsed: float) -> Diagnosis:
        probabilities = {BENIGN: 1 - malignant, MALIGNANT: malignant}
        verdict = MALIGNANT if malignant >= self.threshold else BENIGN
        return Diagnosis(verdict, malignant, probabilities[verdict], probabilities, elapsed)
