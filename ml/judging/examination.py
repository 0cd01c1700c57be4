"""One call of a network tells its answer, how strange the pictures are, and where it looked.

The functions here are parts of a graph of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.judging import explanation, image_types
from ml.judging.judgement import Standard
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Examination(NamedTuple):
    """Holds what one call of the network gives about n pictures.

    Attributes:
        logits: ``float32 (n, k)``: that of malignant alone, or one for each diagnosis.
        features: ``float32 (n, d)``, means over the picture of what its middle layers give.
        heat: ``float32 (n, m, m)``, see `ml.judging.explanation.attribution`.
        image_types: ``float32 (n, 3)``, probabilities of `ml.taxonomy.IMAGE_TYPES`. It is
            ``(n, 0)`` for a network that cannot tell them apart.
    """

    logits: np.ndarray
    features: np.ndarray
    heat: np.ndarray
    image_types: np.ndarray


class Outputs(NamedTuple):
    """Holds what a network answers about n pictures, see `Examination`."""

    logits: np.ndarray
    image_types: np.ndarray


def outputs_of(logits: Sequence[tf.Tensor]) -> Outputs:
    """Return the outputs from the logits of the diagnoses and, if there are any, of image types."""
    import tensorflow as tf

    diagnoses, *types = logits
    probabilities = tf.nn.softmax(types[0]) if types else tf.zeros((tf.shape(diagnoses)[0], 0))
    return Outputs(diagnoses, probabilities)


def examine(
    network: keras.Model,
    middle: int,
    bundle: Bundle,
    standards: Mapping[str, Standard],
    thresholds: Mapping[str, float],
    pixels: tf.Tensor,
) -> Examination:
    """Return the examination of ``uint8 (n, s, s, 3)`` pixels.

    Args:
        network: model from pixels to its middle layers and its logits.
        middle: how many middle layers it gives.
        bundle: bundle that says what its answers mean.
        standards: the standards of dermoscopic and of clinical pictures.
        thresholds: the thresholds of the image types.
        pixels: pixels of the pictures.
    """
    import tensorflow as tf

    whole = tf.cast(pixels, tf.float32)
    found = network(whole, training=False)
    outputs = outputs_of(found[middle:])
    temperature = _temperature(outputs.image_types, standards, thresholds)
    log_odds = explanation.malignant_logit(
        outputs.logits, bundle.classes, bundle.malignant, temperature
    )
    heat = explanation.attribution(
        tf.gradients(log_odds, whole)[0], whole - explanation.blurred(whole)
    )
    means = [tf.reduce_mean(layer, (1, 2)) for layer in found[:middle]]
    return Examination(outputs.logits, tf.concat(means, 1), heat, outputs.image_types)


def _temperature(
    types: tf.Tensor, standards: Mapping[str, Standard], thresholds: Mapping[str, float]
) -> tf.Tensor:
    """Return the temperature that each picture is judged with, ``(n, 1)``, or one for all."""
    import tensorflow as tf

    dermoscopic, clinical = (
        standards[name].calibration.temperature for name in (DERMOSCOPIC, CLINICAL)
    )
    if not types.shape[1]:
        return tf.constant(dermoscopic, tf.float32)
    is_dermoscopic = image_types.dermoscopic_share(types) >= thresholds[DERMOSCOPIC]
    return tf.where(is_dermoscopic, dermoscopic, clinical)[:, None]
