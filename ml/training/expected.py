"""Compute what a bundle must answer about four pictures without the code that serves it.

A worker that reads pictures otherwise than they were read in training, or that loads other weights,
gives other probabilities than these. So nothing here uses `ml.judging`: a picture is cropped and
scaled as the training code promises it, the network is called by Keras, and its logits are
calibrated by the formula that the model card states.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from ml import architectures
from ml.files import write_json
from ml.packaging import weights
from ml.packaging.bundle import BUNDLES, Bundle, digest

#: Generated lesions of several proportions, kept as files because another version of NumPy or
#: Pillow would generate others.
PICTURES = BUNDLES / "pictures"


def write(bundle: Bundle, model: keras.Model, origin: str) -> None:
    """Write what ``model`` says of the pictures beside ``bundle``.

    Args:
        bundle: whose calibration and classes count.
        model: from pixels to probabilities, with a layer called ``logit``.
        origin: which weights the model has, for a person who reads the file.
    """
    network = keras.Model(model.input, model.get_layer("logit").output)
    answers = {}
    for path in sorted(PICTURES.glob("*.png")):
        pixels = _read(path, bundle.input_size)[None]
        logits = np.asarray(network(pixels, training=False), float)[0]
        answers[path.name] = {
            "sha256": digest(path),
            "probabilities": dict(
                zip(bundle.classes, _calibrate(logits, bundle.calibration), strict=True)
            ),
        }
    write_json(
        bundle.expected_path,
        {"origin": origin, "weights_sha256": bundle.sha256, "pictures": answers},
    )


def load_served(bundle: Bundle) -> keras.Model:
    """Return the network of a bundle with the weights that it ships, by Keras alone."""
    bundle.verify()
    model = architectures.build(
        bundle.architecture,
        kernel_initializer="zeros",
        input_size=bundle.input_size,
        logits=bundle.logits,
        image_types=len(bundle.image_types),
    )
    shapes = {variable.path: tuple(variable.shape) for variable in model.weights}
    arrays = weights.load(bundle.weights_path, shapes)
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    return model


def _read(path: Path, size: int) -> np.ndarray:
    with Image.open(path) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.convert("RGB").crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.BICUBIC), np.float32)


def _calibrate(logits: np.ndarray, calibration: dict[str, Any]) -> list[float]:
    scaled = logits / calibration["temperature"] + np.array(calibration["bias"])
    if len(scaled) == 1:
        malignant = 1 / (1 + np.exp(-scaled[0]))
        return [float(1 - malignant), float(malignant)]
    likelihoods = np.exp(scaled - scaled.max())
    return (likelihoods / likelihoods.sum()).tolist()
