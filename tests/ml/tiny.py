"""This is ``python -m ml`` with a network of a few hundred weights, for tests that really train."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ml import architectures
from ml.architectures import layers_of
from ml.architectures.folding import EPSILON, NORMALISATION
from ml.taxonomy import DIAGNOSIS_CODES

if TYPE_CHECKING:
    import keras

SIZE = 16


def build(
    name: str = "seven_stage",
    kernel_initializer: str = "glorot_uniform",
    input_size: int | None = None,
    *,
    logits: int | None = None,
    image_types: int = 0,
    normalised: bool = False,
) -> keras.Model:
    """Return an untrained network with the layers of the large one, on 16x16 pixels.

    It has one output as ``seven_stage``; under any other name it is normalised and tells image
    types where it is asked to, as `ml.architectures.build` says.
    """
    import keras
    from keras import layers

    size = input_size or SIZE
    pixels = keras.Input((size, size, 3), name="pixels")
    features = layers.Rescaling(1 / 255, name="rescale")(pixels)
    options = {"kernel_initializer": kernel_initializer}
    features = layers.Conv2D(4, 3, 2, use_bias=not normalised, name="conv_1", **options)(features)
    if normalised:
        features = layers.BatchNormalization(
            momentum=0.9, epsilon=EPSILON, name=f"conv_1{NORMALISATION}"
        )(features)
    features = layers.ReLU(name="conv_1_relu")(features)
    # The site looks at these layers by name, and here they change nothing.
    seen = layers_of(name)
    for layer in (*seen.novelty, seen.heat):
        features = layers.Activation("linear", name=layer)(features)
    features = layers.Flatten(name="flatten")(features)
    features = layers.Dense(8, activation="relu", name="dense", **options)(features)
    if seen.last != "dense":
        features = layers.Activation("linear", name=seen.last)(features)
    features = layers.Dropout(0.5, name="dropout")(features)
    if name == "seven_stage":
        logit = layers.Dense(1, dtype="float32", name="logit", **options)(features)
        probability = layers.Activation("sigmoid", dtype="float32", name="malignant")(logit)
        return keras.Model(pixels, probability, name=name)
    logit = layers.Dense(logits or len(DIAGNOSIS_CODES), dtype="float32", name="logit", **options)(
        features
    )
    diagnoses = layers.Softmax(name="diagnoses")(logit)
    if not image_types:
        return keras.Model(pixels, diagnoses, name=name)
    kind = layers.Dense(image_types, dtype="float32", name="image_type_logit", **options)(features)
    return keras.Model(pixels, [diagnoses, layers.Softmax(name="image_types")(kind)], name=name)


if __name__ == "__main__":
    from ml.__main__ import main

    architectures.build = build
    sys.exit(main())
