"""Fold batch normalisation with fixed statistics into the convolution before it.

Such a normalisation is a factor and an offset of each channel. A convolution gives the same answers
from fewer operations if its kernel is multiplied by the factor ``gamma / sqrt(variance + epsilon)``
and its bias is ``beta - mean * factor``. Networks are trained and kept with their normalisation,
because a folded network cannot be trained well again. They are folded when they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: This is added to every variance, as in the published EfficientNet-Lite.
EPSILON = 1e-3

#: The layer that normalises the outputs of a layer has the name of that layer, followed by this.
NORMALISATION = "_normalisation"


def is_normalised(names: Mapping[str, object]) -> bool:
    """Return whether variables with these paths are those of a network before folding."""
    return any(name.endswith(f"{NORMALISATION}/gamma") for name in names)


def fold(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of the folded network, by variable path.

    Args:
        arrays: weights of the network with its normalisation, by variable path. Those of layers
            without a normalisation stay as they are.
    """
    folded = {}
    for name, array in arrays.items():
        layer, _, variable = name.rpartition("/")
        if layer.endswith(NORMALISATION):
            continue
        normalisation = f"{layer}{NORMALISATION}"
        if variable != "kernel" or f"{normalisation}/gamma" not in arrays:
            folded[name] = array
            continue
        gamma, beta, mean, variance = (
            arrays[f"{normalisation}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / np.sqrt(variance + EPSILON)
        # A kernel is (height, width, in, out), a depthwise one (height, width, channels, 1).
        along_channels = factor[:, None] if layer.endswith("depthwise") else factor
        folded[name] = (array * along_channels).astype(np.float32)
        folded[f"{layer}/bias"] = (beta - mean * factor).astype(np.float32)
    return folded
