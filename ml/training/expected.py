"""Compute what a bundle must answer about four pictures without the code that serves it.

A worker gives other probabilities than these if it reads pictures otherwise than they were read in
training, or loads other weights. So nothing here uses `ml.judging`: a picture is cropped and
scaled as the training code promises it, the network is called by Keras, and its logits are
calibrated by the formula that the model card states.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from ml import architectures
from ml.files import write_json
from ml.packaging import weights
from ml.packaging.bundle import BUNDLES, Bundle, digest

#: The pictures are generated lesions of several proportions. They are kept as files because another
#: version of NumPy or Pillow would generate others.
PICTURES = BUNDLES / "pictures"


def write(bundle: Bundle, model: keras.Model, origin: str) -> None:
    """Write what ``model`` says of the pictures beside ``bundle``.

    Args:
        bundle: bundle whose calibration and classes count.
        model: model from pixels to probabilities, with a layer called ``logit``, and one called
            ``image_type_logit`` where the bundle tells image types.
        origin: words that tell a person who reads the file which weights the model has.
    """
    names = {"logits": "logit"}
    if bundle.image_types:
        names["image_type_logits"] = "image_type_logit"
    network = keras.Model(model.input, [model.get_layer(name).output for name in names.values()])
    pictures = {}
    for path in sorted(PICTURES.glob("*.png")):
        found = network(_read(path, bundle.input_size)[None], training=False)
        pictures[path.name] = {"sha256": digest(path)} | {
            name: np.asarray(logits, float)[0].tolist()
            for name, logits in zip(names, found, strict=True)
        }
    _write(bundle, {"origin": origin, "weights_sha256": bundle.sha256, "pictures": pictures})


def recalibrate(bundle: Bundle) -> bool:
    """Write the probabilities anew after a calibration, from the logits that were kept.

    Returns:
        Whether that was done. False where no logits of this network were kept; then nothing is
        written.
    """
    if not bundle.expected_path.exists():
        return False
    kept = json.loads(bundle.expected_path.read_text(encoding="utf-8"))
    known = all("logits" in picture for picture in kept["pictures"].values())
    if kept["weights_sha256"] != bundle.sha256 or not known:
        return False
    _write(bundle, kept)
    return True


def _write(bundle: Bundle, kept: dict[str, Any]) -> None:
    """Write what was kept, with the probabilities that the bundle makes of its logits."""
    for picture in kept["pictures"].values():
        calibration = bundle.calibration
        if bundle.image_types:
            types = _softmax(np.array(picture["image_type_logits"]))
            picture["image_types"] = dict(zip(bundle.image_types, types, strict=True))
            share = types[0] / (types[0] + types[1])
            is_dermoscopic = share >= bundle.image_type_thresholds.get("dermoscopic", 0.5)
            picture["judged_as"] = "dermoscopic" if is_dermoscopic else "clinical"
            if bundle.clinical and not is_dermoscopic:
                calibration = bundle.clinical["calibration"]
        probabilities = _calibrate(np.array(picture["logits"]), calibration)
        picture["probabilities"] = dict(zip(bundle.classes, probabilities, strict=True))
    write_json(bundle.expected_path, kept)


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
    return _softmax(scaled)


def _softmax(logits: np.ndarray) -> list[float]:
    likelihoods = np.exp(logits - logits.max())
    return (likelihoods / likelihoods.sum()).tolist()
