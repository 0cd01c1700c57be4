"""EfficientNet-Lite: inverted residual blocks without squeeze-and-excitation, with ReLU6.

Tan & Le, "EfficientNet", arXiv 1905.11946; the Lite variants are those of TensorFlow's
``tpu/models/official/efficientnet/lite``. Every batch normalisation of the published network is
folded into the convolution before it, as `ml.pretrained` does with the ImageNet weights: the
answers are the same, from fewer operations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import keras
from keras import layers

from ml.architectures import Layers
from ml.taxonomy import DIAGNOSIS_CODES

#: ``(kernel size, repeats, output filters, expansion, stride)`` of each stage at width and depth 1.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
STEM_FILTERS, HEAD_FILTERS = 32, 1280
INPUT_SIZE = 224


@dataclass(frozen=True)
class Variant:
    """One size of the family.

    Attributes:
        width: factor on the filters of every stage.
        depth: factor on the repeats of every stage but the first and the last.
    """

    width: float
    depth: float


VARIANTS = {
    "efficientnet_lite0": Variant(1.0, 1.0),
    "efficientnet_lite1": Variant(1.0, 1.1),
    "efficientnet_lite2": Variant(1.1, 1.2),
}


def build(
    name: str,
    kernel_initializer: str = "glorot_uniform",
    input_size: int = INPUT_SIZE,
    dropout: float = 0.2,
    drop_path: float = 0.1,
) -> keras.Model:
    """Return the untrained network called ``name``.

    Args:
        name: one of `VARIANTS`.
        kernel_initializer: a Keras initialiser, by name.
        input_size: side of the square it reads, in pixels; the weights fit every size.
        dropout: share of the pooled features dropped in training, in [0, 1).
        drop_path: chance in [0, 1) that training skips the last residual block, falling linearly
            to 0 for the first (stochastic depth; Huang et al., arXiv 1603.09382).

    Returns:
        A model from ``(batch, size, size, 3)`` pixels in 0..255 to ``(batch, 7)`` probabilities of
        the diagnoses in the order of `ml.taxonomy.DIAGNOSES`.
    """
    variant = VARIANTS[name]
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(pixels)
    features = layers.Conv2D(
        STEM_FILTERS,
        3,
        strides=2,
        padding="same",
        kernel_initializer=kernel_initializer,
        name="stem",
    )(features)
    features = layers.ReLU(6.0, name="stem_relu")(features)
    repeats = _repeats(variant.depth)
    block, total = 0, sum(repeats)
    for (kernel, _, filters, expansion, stride), times in zip(STAGES, repeats, strict=True):
        for repeat in range(times):
            features = _inverted_residual(
                features,
                f"block_{block}",
                kernel_initializer,
                kernel=kernel,
                filters=_round_filters(filters, variant.width),
                expansion=expansion,
                stride=stride if repeat == 0 else 1,
                drop_path=drop_path * block / total,
            )
            block += 1
    features = layers.Conv2D(HEAD_FILTERS, 1, kernel_initializer=kernel_initializer, name="head")(
        features
    )
    features = layers.ReLU(6.0, name="head_relu")(features)
    features = layers.GlobalAveragePooling2D(dtype="float32", name="features")(features)
    features = layers.Dropout(dropout, dtype="float32", name="dropout")(features)
    logit = layers.Dense(
        len(DIAGNOSIS_CODES), dtype="float32", kernel_initializer=kernel_initializer, name="logit"
    )(features)
    probabilities = layers.Softmax(dtype="float32", name="diagnoses")(logit)
    return keras.Model(pixels, probabilities, name=name)


def layers_of(name: str) -> Layers:
    """Return the layers that tell what the network called ``name`` saw.

    For novelty, the last block of every stage but the first and the last, which repeat nothing.
    """
    ends = accumulate(_repeats(VARIANTS[name].depth))
    middle = list(ends)[1:-1]
    novelty = tuple(f"block_{end - 1}_add" for end in middle)
    return Layers(novelty, last="features", heat="head_relu")


def _inverted_residual(
    inputs: keras.KerasTensor,
    name: str,
    initializer: str,
    *,
    kernel: int,
    filters: int,
    expansion: int,
    stride: int,
    drop_path: float,
) -> keras.KerasTensor:
    """Expand, convolve each channel by itself, project; add the input where shapes allow."""
    features = inputs
    if expansion != 1:
        features = layers.Conv2D(
            inputs.shape[-1] * expansion,
            1,
            kernel_initializer=initializer,
            name=f"{name}_expand",
        )(features)
        features = layers.ReLU(6.0, name=f"{name}_expand_relu")(features)
    features = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="same",
        depthwise_initializer=initializer,
        name=f"{name}_depthwise",
    )(features)
    features = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(features)
    features = layers.Conv2D(filters, 1, kernel_initializer=initializer, name=f"{name}_project")(
        features
    )
    if stride != 1 or inputs.shape[-1] != filters:
        return features
    if drop_path:
        # One decision a picture: the mask is broadcast over height, width and channels.
        features = layers.Dropout(drop_path, noise_shape=(None, 1, 1, 1), name=f"{name}_drop_path")(
            features
        )
    return layers.Add(name=f"{name}_add")([features, inputs])


def _repeats(depth: float) -> list[int]:
    last = len(STAGES) - 1
    return [
        repeats if stage in (0, last) else math.ceil(depth * repeats)
        for stage, (_, repeats, *_) in enumerate(STAGES)
    ]


def _round_filters(filters: int, width: float, divisor: int = 8) -> int:
    """Scale ``filters`` to a multiple of ``divisor``, never more than a tenth below."""
    scaled = filters * width
    rounded = max(divisor, int(scaled + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * scaled else rounded
