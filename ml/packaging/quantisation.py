"""Store large kernels in 8 bits; the computation stays in float.

This is symmetric uniform quantisation with one scale per output channel, after Krishnamoorthi,
"Quantizing deep convolutional networks for efficient inference" (arXiv 1806.08342), section 2.
"""

from __future__ import annotations

import numpy as np

#: This is the largest stored magnitude. The range is symmetric, so -128 is never used.
LEVELS = 127


def quantise(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``kernel`` as small whole numbers and the scale of each output channel.

    Args:
        kernel: finite floats, with the output channel last.

    Returns:
        ``(values, scale)``: ``int8`` of the kernel's shape in -127..127 and ``float32
        (channels,)``. ``values * scale`` differs from the kernel by at most ``scale / 2``.
    """
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    # A channel of zeros stays a channel of zeros at any scale.
    scale = np.where(largest > 0, largest / LEVELS, 1).astype(np.float32)
    values = np.clip(np.rint(kernel / scale), -LEVELS, LEVELS).astype(np.int8)
    return values, scale


def dequantise(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the ``float32`` kernel that `quantise` stored."""
    return values * scale
