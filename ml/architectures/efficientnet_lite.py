"""EfficientNet-Lite has inverted residual blocks without squeeze-and-excitation, and ReLU6.

The family is that of Tan & Le, "EfficientNet", arXiv 1905.11946, and the Lite variants are those of
TensorFlow's ``tpu/models/official/efficientnet/lite``. A network that is trained has batch
normalisation. In a network that is served, every normalisation is folded into the convolution
before it, see `ml.architectures.folding`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import keras
from keras import layers

from ml.architectures import Layers
from ml.architectures.folding import EPSILON, NORMALISATION

#: Each stage is ``(kernel size, repeats, output filters, expansion, stride)`` at width and depth 1.
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

#: The moving mean and variance of every normalisation have this momentum.
MOMENTUM = 0.95


@dataclass(frozen=True)
class Size:
    """Holds one size of the family.

    Attributes:
        width: factor on the filters of every stage.
        depth: factor on the repeats of every stage but the first and the last.
    """

    width: float
    depth: float


SIZES = {
    "efficientnet_lite0": Size(1.0, 1.0),
    "efficientnet_lite1": Size(1.0, 1.1),
    "efficientnet_lite2": Size(1.1, 1.2),
}


def build(
    name: str,
    kernel_initializer: str = "glorot_uniform",
    input_size: int = INPUT_SIZE,
    *,
    logits: int,
    image_types: int = 0,
    normalised: bool = False,
    dropout: float = 0.2,
    drop_path: float = 0.1,
) -> keras.Model:
    """Return the untrained network called ``name``.

    Args:
        name: one of `SIZES`.
        kernel_initializer: a Keras initialiser, by name.
        input_size: side of the square it reads, in pixels; the weights fit every size.
        logits: how many diagnoses it answers with.
        image_types: how many kinds of picture it tells apart, from the same features.
        normalised: whether every convolution is followed by batch normalisation.
        dropout: share of the pooled features dropped in training, in [0, 1).
        drop_path: chance in [0, 1) that training skips the last residual block, falling linearly
            to 0 for the first (stochastic depth; Huang et al., arXiv 1603.09382).

    Returns:
        A model as `ml.architectures.build` describes it.
    """
    scale = SIZES[name]
    convolution = _Convolution(kernel_initializer, normalised)
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(pixels)
    features = convolution(features, "stem", STEM_FILTERS, kernel=3, stride=2)
    repeats = _repeats(scale.depth)
    block, total = 0, sum(repeats)
    for (kernel, _, filters, expansion, stride), times in zip(STAGES, repeats, strict=True):
        for repeat in range(times):
            features = _inverted_residual(
                features,
                f"block_{block}",
                convolution,
                kernel=kernel,
                filters=_round_filters(filters, scale.width),
                expansion=expansion,
                stride=stride if repeat == 0 else 1,
                drop_path=drop_path * block / total,
            )
            block += 1
    features = convolution(features, "head", HEAD_FILTERS)
    features = layers.GlobalAveragePooling2D(dtype="float32", name="features")(features)
    features = layers.Dropout(dropout, dtype="float32", name="dropout")(features)
    outputs = [
        layers.Softmax(dtype="float32", name=title)(
            layers.Dense(
                number, dtype="float32", kernel_initializer=kernel_initializer, name=logit
            )(features)
        )
        for title, logit, number in (
            ("diagnoses", "logit", logits),
            ("image_types", "image_type_logit", image_types),
        )
        if number
    ]
    return keras.Model(pixels, outputs if image_types else outputs[0], name=name)


def layers_of(name: str) -> Layers:
    """Return the layers that tell what the network called ``name`` saw.

    Novelty is told by the last block of every stage but the first and the last, which are not
    repeated.
    """
    ends = accumulate(_repeats(SIZES[name].depth))
    middle = list(ends)[1:-1]
    novelty = tuple(f"block_{end - 1}_add" for end in middle)
    return Layers(novelty, last="features", heat="head_relu")


@dataclass(frozen=True)
class _Convolution:
    """Adds a convolution with what follows it.

    Attributes:
        initializer: the Keras initialiser of the kernels.
        normalised: whether batch normalisation follows; otherwise the convolution has a bias.
    """

    initializer: str
    normalised: bool

    def __call__(
        self,
        inputs: keras.KerasTensor,
        name: str,
        filters: int | None = None,
        *,
        kernel: int = 1,
        stride: int = 1,
        activated: bool = True,
    ) -> keras.KerasTensor:
        """Return the outputs; without ``filters`` each channel is convolved by itself."""
        shared = {
            "strides": stride,
            "padding": "same",
            "use_bias": not self.normalised,
            "name": name,
        }
        if filters is None:
            layer = layers.DepthwiseConv2D(kernel, depthwise_initializer=self.initializer, **shared)
        else:
            layer = layers.Conv2D(filters, kernel, kernel_initializer=self.initializer, **shared)
        features = layer(inputs)
        if self.normalised:
            features = layers.BatchNormalization(
                momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}{NORMALISATION}"
            )(features)
        return layers.ReLU(6.0, name=f"{name}_relu")(features) if activated else features


def _inverted_residual(
    inputs: keras.KerasTensor,
    name: str,
    convolution: _Convolution,
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
        features = convolution(features, f"{name}_expand", inputs.shape[-1] * expansion)
    features = convolution(features, f"{name}_depthwise", kernel=kernel, stride=stride)
    features = convolution(features, f"{name}_project", filters, activated=False)
    if stride != 1 or inputs.shape[-1] != filters:
        return features
    if drop_path:
        # One decision is drawn for each picture: its mask holds for height, width and channels.
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
