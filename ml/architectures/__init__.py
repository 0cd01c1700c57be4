"""This room defines the networks in code, each by the name that a bundle's ``model.json`` gives.

A bundle carries weights only; the graph they are loaded into always comes from here, so
that opening a model file can never run code.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ml.taxonomy import DIAGNOSIS_CODES

if TYPE_CHECKING:
    import keras

#: Each network is defined in the module that stands beside its name.
_MODULES = {
    "seven_stage": "seven_stage",
    "efficientnet_lite0": "efficientnet_lite",
    "efficientnet_lite1": "efficientnet_lite",
    "efficientnet_lite2": "efficientnet_lite",
}
ARCHITECTURES = tuple(_MODULES)


@dataclass(frozen=True)
class Layers:
    """Holds the names of the layers that tell what a network saw.

    Attributes:
        novelty: the layers whose means over the picture tell strange pictures, see
            `ml.judging.novelty`. They are layers in the middle, because the last ones keep only
            what tells diagnoses apart.
        last: the layer whose output the logits are made from.
        heat: the last convolution, which Grad-CAM looks at.
    """

    novelty: tuple[str, ...]
    last: str
    heat: str


def layers_of(name: str) -> Layers:
    """Return the layers of the network called ``name``, one of `ARCHITECTURES`."""
    return import_module(f"{__name__}.{_MODULES[name]}").layers_of(name)


def build(
    name: str,
    kernel_initializer: str = "glorot_uniform",
    input_size: int | None = None,
    *,
    logits: int | None = None,
    image_types: int = 0,
    normalised: bool = False,
) -> keras.Model:
    """Return the untrained network called ``name``.

    Args:
        name: one of `ARCHITECTURES`.
        kernel_initializer: a Keras initialiser. It is ``zeros`` where weights are loaded next,
            because drawing 44 million random ones takes a second, and memory that TensorFlow never
            gives back.
        input_size: side of the square it reads, in pixels; by default its own.
        logits: how many diagnoses it answers with; by default as many as there are. A network that
            answers benign or malignant has 1.
        image_types: how many kinds of picture it tells apart as well; by default none.
        normalised: whether it has batch normalisation, as a network needs in training. In a
            network that is served it is folded, see `ml.architectures.folding`.

    Returns:
        An un-nested functional model from ``(batch, size, size, 3)`` pixels in 0..255 to
        ``(batch, 1)`` malignant probabilities or ``(batch, logits)`` probabilities of the
        diagnoses, with a layer named ``logit`` before the sigmoid or softmax. With image types it
        gives two outputs. The second is ``(batch, image_types)`` probabilities of these, with a
        layer named ``image_type_logit`` before it.

    Raises:
        ValueError: the name is not a known architecture, or it cannot be built like this.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"Architecture must be one of {ARCHITECTURES}. Received: {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    size = input_size or module.INPUT_SIZE
    if name == "seven_stage":
        if logits not in (None, 1) or image_types or normalised:
            raise ValueError(
                "seven_stage has one output and no normalisation. "
                f"Received: {logits} logits, {image_types} image types, normalised={normalised}"
            )
        return module.build(name, kernel_initializer, size)
    return module.build(
        name,
        kernel_initializer,
        size,
        logits=logits or len(DIAGNOSIS_CODES),
        image_types=image_types,
        normalised=normalised,
    )


def has_normalisation(name: str) -> bool:
    """Return whether the network called ``name`` is trained with batch normalisation."""
    return name != "seven_stage"
