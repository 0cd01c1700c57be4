"""``python -m ml`` with a network of a few hundred weights, for tests that train one for real."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ml import architectures

if TYPE_CHECKING:
    import keras

SIZE = 16


def build(name: str = "seven_stage", kernel_initializer: str = "glorot_uniform") -> keras.Model:
    """Return an untrained network with the layers of the large one, on 16x16 pixels."""
    import keras
    from keras import layers

    pixels = keras.Input((SIZE, SIZE, 3), name="pixels")
    features = layers.Rescaling(1 / 255, name="rescale")(pixels)
    options = {"kernel_initializer": kernel_initializer}
    features = layers.Conv2D(4, 3, 2, activation="relu", name="conv_1", **options)(features)
    features = layers.Flatten(name="flatten")(features)
    features = layers.Dense(8, activation="relu", name="dense", **options)(features)
    features = layers.Dropout(0.5, name="dropout")(features)
    logit = layers.Dense(1, dtype="float32", name="logit", **options)(features)
    probability = layers.Activation("sigmoid", dtype="float32", name="malignant")(logit)
    return keras.Model(pixels, probability, name=name)


if __name__ == "__main__":
    from ml.__main__ import main

    architectures.build = build
    sys.exit(main())
