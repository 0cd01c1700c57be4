"""The seven-stage CNN has three Conv-MaxPool blocks, Flatten, Dense, Dropout and one sigmoid.

It is the network of the "Skin Cancer Detector" Streamlit demo (patelharsh29/Skin-Cancer-Detector).
99.8 % of its 44,396,609 parameters sit between the flattened feature map and the dense layer.
"""

from __future__ import annotations

import keras
from keras import layers

from ml.architectures import Layers

INPUT_SIZE = 224
PARAMETERS = 44_396_609


def build(
    name: str = "seven_stage",
    kernel_initializer: str = "glorot_uniform",
    input_size: int = INPUT_SIZE,
    dropout: float = 0.5,
) -> keras.Model:
    """Return the untrained network.

    Args:
        name: name of the Keras model.
        kernel_initializer: a Keras initialiser, by name.
        input_size: side of the square it reads, in pixels; the dense layer grows with it.
        dropout: share of the dense units dropped in training, in [0, 1).

    Returns:
        A model from ``(batch, size, size, 3)`` pixels in 0..255 to ``(batch, 1)`` malignant
        probabilities in 0..1.
    """
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = layers.Rescaling(1 / 255, name="rescale")(pixels)
    for stage, filters in enumerate((32, 64, 128), start=1):
        features = layers.Conv2D(
            filters,
            3,
            activation="relu",
            kernel_initializer=kernel_initializer,
            name=f"conv_{stage}",
        )(features)
        features = layers.MaxPooling2D(2, name=f"pool_{stage}")(features)
    features = layers.Flatten(name="flatten")(features)
    features = layers.Dense(
        512, activation="relu", kernel_initializer=kernel_initializer, name="dense"
    )(features)
    features = layers.Dropout(dropout, name="dropout")(features)
    # The logit is kept apart from the sigmoid, and in float32, so that gradients and mixed
    # precision never meet a saturated probability.
    logit = layers.Dense(1, dtype="float32", kernel_initializer=kernel_initializer, name="logit")(
        features
    )
    probability = layers.Activation("sigmoid", dtype="float32", name="malignant")(logit)
    return keras.Model(pixels, probability, name=name)


def layers_of(name: str = "seven_stage") -> Layers:
    """Return the layers that tell what the network saw."""
    return Layers(novelty=("pool_1", "pool_2", "pool_3"), last="dense", heat="conv_3")
