"""Networks defined in code, by the name a bundle's ``model.json`` calls them.

A bundle carries weights only; the graph they are loaded into always comes from here, so
that opening a model file can never run code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

ARCHITECTURES = ("seven_stage",)


def build(name: str, kernel_initializer: str = "glorot_uniform") -> keras.Model:
    """Return the untrained network called ``name``.

    Args:
        name: one of `ARCHITECTURES`.
        kernel_initializer: a Keras initialiser; ``zeros`` where weights are loaded next, because
            drawing 44 million random ones takes a second and memory TensorFlow never gives back.

    Returns:
        An un-nested functional model from ``(batch, height, width, 3)`` pixels in 0..255 to
        ``(batch, 1)`` malignant probabilities, with a layer named ``logit`` before the sigmoid.

    Raises:
        ValueError: the name is not a known architecture.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"Architecture must be one of {ARCHITECTURES}. Received: {name!r}")
    return import_module(f"{__name__}.{name}").build(kernel_initializer)
