"""``python -m ml`` with a network of a few hundred weights, for tests that train one for real."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ml import architectures
from ml.architectures import layers_of

if TYPE_CHECKING:
    import keras

SIZE = 16


def build(
    name: str = "seven_stage",
    kernel_initializer: str = "glorot_uniform",
    input_size: int | None = None,
) -> keras.Model:
    """Return an untrained network with the layers of the large one, on 16x16 pixels.

    It has one output as ``seven_stage``, and seven under any other name.
    """
    import keras
    from keras import layers

    size = input_size or SIZE
    pixels = keras.Input((size, size, 3), name="pixels")
    features = layers.Rescaling(1 / 255, name="rescale")(pixels)
    options = {"kernel_initializer": kernel_initializer}
    features = layers.Conv2D(4, 3, 2, activation="relu", name="conv_1", **options)(features)
    # The site looks at these by name; here they change nothing.
    seen = layers_of(name)
    for layer in (*seen.novelty, seen.heat):
        features = layers.Activation("linear", name=layer)(features)
    features = layers.Flatten(name="flatten")(features)
    features = layers.Dense(8, activation="relu", name="dense", **options)(features)
    if seen.last != "dense":
        features = layers.Activation("linear", name=seen.last)(features)
    features = layers.Dropout(0.5, name="dropout")(features)
    if name != "seven_stage":
        logit = layers.Dense(7, dtype="float32", name="logit", **options)(features)
        return keras.Model(pixels, layers.Softmax(name="diagnoses")(logit), name=name)
    logit = layers.Dense(1, dtype="float32", name="logit", **options)(features)
    probability = layers.Activation("sigmoid", dtype="float32", name="malignant")(logit)
    return keras.Model(pixels, probability, name=name)


if __name__ == "__main__":
    from ml.__main__ import main

    architectures.build = build
    sys.exit(main())
