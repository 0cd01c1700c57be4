"""Batch normalisation with fixed statistics, moved into the convolution before it.

It is a factor and an offset of each channel, so that a kernel becomes
``kernel * gamma / sqrt(variance + epsilon)``, and the bias
``beta - mean * gamma / sqrt(variance + epsilon)`` (Jacob et al., arXiv 1712.05877, section 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

#: What the name of a normalisation adds to that of its convolution.
NORMALISATION = "_norm"


def fold(trained: keras.Model, served: keras.Model) -> None:
    """Give ``served``, which has no batch normalisation, weights with the answers of ``trained``.

    Args:
        trained: its layer ``x_norm`` normalises what layer ``x`` returns.
        served: the same network where layer ``x`` has a bias and is not normalised.
    """
    normalisations = {layer.name: layer for layer in trained.layers}
    for layer in served.layers:
        if not layer.weights:
            continue
        weights = trained.get_layer(layer.name).get_weights()
        normalisation = normalisations.get(f"{layer.name}{NORMALISATION}")
        if normalisation:
            gamma, beta, mean, variance = normalisation.get_weights()
            factor = gamma / np.sqrt(variance + normalisation.epsilon)
            # (height, width, in, out), or (height, width, channels, 1) of a depthwise one.
            kernel = weights[0]
            across = factor[:, None] if kernel.shape[-1] == 1 < len(factor) else factor
            weights = [kernel * across, beta - mean * factor]
        layer.set_weights(weights)
