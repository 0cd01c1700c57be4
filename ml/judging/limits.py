"""A bundle knows its limits by the statistics in ``limits.npz``, which lies beside the weights.

Those under ``novelty`` tell strange pictures, see `ml.judging.novelty`. ``plain/benign``,
``plain/malignant`` and the same under ``averaged`` are the calibration scores of
`ml.judging.conformal`, for the answer about the upright picture and for the mean over its eight
symmetries; ``plain/clinical/benign`` and so on are those of clinical pictures.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ml.files import write_arrays
from ml.packaging.bundle import Bundle, BundleError, digest
from ml.taxonomy import BINARY_CLASSES, DERMOSCOPIC

#: An answer is made in one of these ways; each has its own calibration scores.
PLAIN, AVERAGED = "plain", "averaged"
NOVELTY = "novelty"
#: The names of all that a screening, and of all that a calibration writes begin with these.
OF_SCREENING, OF_CALIBRATION = (NOVELTY,), (PLAIN, AVERAGED)


def read(bundle: Bundle) -> dict[str, np.ndarray]:
    """Return the arrays of a bundle by name, or none where it has no such file.

    Raises:
        BundleError: the file is missing, damaged, or not the one recorded.
    """
    if not bundle.limits_sha256:
        return {}
    bundle.verify_limits()
    try:
        with np.load(bundle.limits_path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BundleError(
            f"{bundle.limits_path} cannot be read ({error}); restore it or calibrate again."
        ) from error


def write(bundle: Bundle, arrays: Mapping[str, np.ndarray], parts: Sequence[str]) -> Bundle:
    """Replace some parts of the file and return the new bundle, which has no file without arrays.

    The caller writes the ``model.json``, together with what the arrays belong to.

    Args:
        bundle: bundle that the file belongs to.
        arrays: what the parts hold from now on, by name; there may be none.
        parts: `OF_SCREENING` or `OF_CALIBRATION`. Nothing of an earlier one stays.
    """
    stored = {
        name: array for name, array in read(bundle).items() if name.partition("/")[0] not in parts
    }
    stored |= {name: array.astype(np.float32) for name, array in arrays.items()}
    if not stored:
        bundle.limits_path.unlink(missing_ok=True)
        return replace(bundle, limits_sha256="")
    write_arrays(bundle.limits_path, stored)
    return replace(bundle, limits_sha256=digest(bundle.limits_path))


def novelty_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of `ml.judging.novelty` by their names there."""
    prefix = f"{NOVELTY}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def conformal_scores(
    arrays: Mapping[str, np.ndarray], answer: str, image_type: str = DERMOSCOPIC
) -> dict[str, np.ndarray]:
    """Return the calibration scores by group, or none.

    Args:
        arrays: arrays of a bundle.
        answer: `PLAIN` or `AVERAGED`.
        image_type: kind of the pictures that the scores are of, dermoscopic or clinical.
    """
    return {
        group: arrays[name]
        for group in BINARY_CLASSES
        if (name := conformal_name(answer, group, image_type)) in arrays
    }


def conformal_name(answer: str, group: str, image_type: str = DERMOSCOPIC) -> str:
    """Return the name that the scores of one group have in the file."""
    parts = (answer, group) if image_type == DERMOSCOPIC else (answer, image_type, group)
    return "/".join(parts)
