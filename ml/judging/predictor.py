"""The predictor is the one way to inference: it runs a network and reads its outputs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ml import architectures
from ml.errors import InputError
from ml.judging import backend, image_types, limits, novelty
from ml.judging.calibration import malignant_probability
from ml.judging.examination import Examination, Outputs, examine, outputs_of
from ml.judging.judgement import Judgement, judge, standards_of
from ml.packaging import weights
from ml.packaging.bundle import Bundle, BundleError
from ml.taxonomy import ANSWERS, DERMOSCOPIC

if TYPE_CHECKING:
    import keras

#: One call of the network takes at most so many pictures; more would only need more memory.
BATCH_SIZE = 32


def _is_slow_alone(
    examine: Callable[[np.ndarray], object], shape: tuple[int, ...], rounds: int = 3
) -> bool:
    """Return whether one picture takes longer than two.

    On a processor with AVX2, oneDNN multiplies the 1 x 1 convolutions of a single picture by
    another way than those of several, which is three times as slow. Whether that outweighs the
    second picture depends on the network and the processor, so it is measured.
    """
    best = {1: math.inf, 2: math.inf}
    # Both are timed in turns and the best time of each counts, because a busy moment of the machine
    # can only slow one down.
    for _ in range(rounds):
        for number in best:
            pixels = np.zeros((number, *shape), np.uint8)
            began = time.perf_counter()
            examine(pixels)
            best[number] = min(best[number], time.perf_counter() - began)
    return best[2] < best[1]


class Predictor:
    """Holds a loaded, warm network, which answers the same for the same picture."""

    def __init__(self, model: keras.Model, bundle: Bundle, threads: int | None = None) -> None:
        """Compile a trained network for serving and run it once.

        Args:
            model: model from pixels to probabilities, see `ml.architectures.build`.
            bundle: bundle that says what its answers mean: classes, calibration and threshold.
            threads: processor threads of the work around it, see `ml.judging.parallel`.
        """
        import keras
        import tensorflow as tf

        self.bundle, self.model, self.input_size = bundle, model, model.input_shape[1]
        self.threads = threads
        self.limits = limits.read(bundle)
        self.standards = standards_of(bundle, self.limits)
        self.image_type_thresholds = image_types.THRESHOLDS | bundle.image_type_thresholds
        layers = architectures.layers_of(bundle.architecture).novelty
        tail = ("logit", "image_type_logit") if bundle.image_types else ("logit",)
        network = keras.Model(
            model.input, [model.get_layer(name).output for name in (*layers, *tail)]
        )
        # The signature is fixed: Model.predict in a loop grows memory (keras#13118), and a call
        # with another shape would trace, and keep, another graph.
        compiled = partial(
            tf.function,
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)],
        )
        self._network = compiled(
            lambda pixels: outputs_of(
                network(tf.cast(pixels, tf.float32), training=False)[len(layers) :]
            )
        )
        self._examine = compiled(
            partial(
                examine, network, len(layers), bundle, self.standards, self.image_type_thresholds
            )
        )
        self._in_pairs = False
        self.examine(np.zeros((1, *model.input_shape[1:]), np.uint8))
        self._in_pairs = _is_slow_alone(self.examine, model.input_shape[1:])

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Predictor:
        """Import TensorFlow, check the bundle's weights, load them and warm the network up.

        Args:
            bundle: bundle of a network that answers with benign and malignant, or with the seven or
                eight diagnoses.
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

    def tell(self, probabilities: np.ndarray) -> list[str | None]:
        """Return how pictures were taken, by `Examination.image_types`; see `image_types.tell`."""
        return image_types.tell(probabilities, self.image_type_thresholds)

    def judge_as(self, probabilities: np.ndarray) -> list[str]:
        """Return the kind whose standard judges each picture; see `image_types.judge_as`."""
        return image_types.judge_as(probabilities, self.image_type_thresholds)

    def calibrated(self, logits: np.ndarray, judged_as: Sequence[str]) -> np.ndarray:
        """Return the probabilities, ``float64 (n, classes)``, each by the standard of its kind.

        Args:
            logits: ``float (n, k)``.
            judged_as: kind by whose standard each is judged, see `judge_as`.
        """
        names = np.array(judged_as)
        found = np.empty((len(logits), len(self.bundle.classes)))
        for name in set(judged_as):
            chosen = names == name
            found[chosen] = self.standards[name].calibration.probabilities(logits[chosen])
        return found

    def judge(
        self, probabilities: np.ndarray, judged_as: Sequence[str], elapsed: float
    ) -> list[Judgement]:
        """Return the judgements that ``float (n, classes)`` probabilities make.

        Args:
            probabilities: calibrated probabilities.
            judged_as: kind whose threshold counts for each.
            elapsed: milliseconds that each took.
        """
        malignant = self.malignant(probabilities).tolist()
        return [
            judge(self.bundle.classes, row, sum_, self.standards[name].threshold, elapsed)
            for row, sum_, name in zip(probabilities.tolist(), malignant, judged_as, strict=True)
        ]

    def malignant(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the malignant probability, ``float (n,)``, of ``float (n, classes)``."""
        return malignant_probability(probabilities, self.bundle.classes, self.bundle.malignant)

    def outputs(self, pixels: np.ndarray) -> Outputs:
        """Return the network's outputs for every picture by one call.

        Args:
            pixels: ``uint8 (n, input_size, input_size, 3)`` of `preprocessing.to_pixels`.
        """
        found = self._network(self._paired(pixels))
        return Outputs(*(part.numpy()[: len(pixels)] for part in found))

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Return logits ``float32 (n, k)``: malignant alone, or one a diagnosis; see `outputs`."""
        return self.outputs(pixels).logits

    def examine(self, pixels: np.ndarray) -> Examination:
        """Return the outputs for every picture, with what tells strange ones and where it looked.

        It costs two to three times what `outputs` does, because of the gradient.

        Args:
            pixels: see `outputs`.
        """
        found = self._examine(self._paired(pixels))
        return Examination(*(part.numpy()[: len(pixels)] for part in found))

    def _paired(self, pixels: np.ndarray) -> np.ndarray:
        """Return the pictures, with a single one doubled where that is faster."""
        return np.repeat(pixels, 2, axis=0) if self._in_pairs and len(pixels) == 1 else pixels

    def strangeness(self, examination: Examination) -> np.ndarray | None:
        """Return how unlike training pictures each is, ``float (n,)``; see `ml.judging.novelty`.

        It is None where the bundle has no statistics to tell it by. A score is not finite where
        the network gave numbers that are not finite.
        """
        method = self.bundle.novelty.get("method")
        if method is None:
            return None
        if method == "energy":
            temperature = self.standards[DERMOSCOPIC].calibration.temperature
            return novelty.energy(examination.logits, temperature)
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
            pixels: see `outputs`.

        Returns:
            ``float64 (n, classes)``.
        """
        outputs = self.outputs(pixels)
        return self.calibrated(outputs.logits, self.judge_as(outputs.image_types))
