"""What a network must beat to have learnt anything: two answers that look at almost nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from ml.dataset import Sample, read_all

#: Shape of the colour thumbnails that are compared.
THUMBNAIL = (16, 16, 3)


def majority_class(training: Sequence[Sample], samples: Sequence[Sample]) -> np.ndarray:
    """Return, for every sample, 1.0 if most training pictures are malignant, else 0.0."""
    malignant = sum(sample.target for sample in training)
    return np.full(len(samples), float(2 * malignant > len(training)))


def nearest_neighbour(training: Sequence[Sample], samples: Sequence[Sample]) -> np.ndarray:
    """Return, for every sample, the target of the training picture that looks most like it.

    Alike in Euclidean distance of 16x16 colour thumbnails: too small for any structure of a
    lesion, large enough to recognise a photograph that was seen before.

    Returns:
        ``float (n,)`` of 0.0 and 1.0.
    """
    classifier = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
    classifier.fit(_thumbnails(training), [sample.target for sample in training])
    return classifier.predict(_thumbnails(samples)).astype(float)


def _thumbnails(samples: Sequence[Sample]) -> np.ndarray:
    def read(image: Image.Image) -> np.ndarray:
        return np.asarray(image.convert("RGB").resize(THUMBNAIL[:2], Image.Resampling.BOX))

    pixels = read_all(samples, read, THUMBNAIL, "Reading thumbnails")
    return pixels.reshape(len(samples), -1).astype(np.float32)
