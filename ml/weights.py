"""The weights of a network in one file that holds numbers and nothing else.

A NumPy ``.npz`` archive, never pickled, keyed by the variable paths of a network defined in code
(``conv_1/kernel``). A large kernel ``dense/kernel`` is stored as ``dense/kernel.int8`` and
``dense/kernel.scale``, see `ml.quantisation`; every other array as ``float32``.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ml.errors import InputError
from ml.quantisation import dequantise, quantise

#: Kernels of at least so many numbers are stored in 8 bits.
LARGE = 1_000_000
VALUES, SCALE = ".int8", ".scale"


def save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write ``arrays``, by variable path, to ``path``.

    Raises:
        InputError: an array holds a number that is not finite.
    """
    stored: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(f"{name} holds numbers that are not finite; train it again.")
        if array.ndim > 1 and array.size >= LARGE:
            stored[name + VALUES], stored[name + SCALE] = quantise(array)
        else:
            stored[name] = array.astype(np.float32)
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, **stored)  # type: ignore[arg-type]
    partial.replace(path)


def load(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the ``float32`` arrays of ``path`` by variable path.

    Args:
        path: what `save` wrote.
        shapes: name and shape of every array that must be there, and of no other.

    Raises:
        InputError: the file is damaged, or its arrays are not those of ``shapes``.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
    # TypeError: one bare array, which NumPy reads too, is no archive.
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is no readable weights file: {error}") from error
    arrays = _dequantised(path, stored)
    if arrays.keys() != shapes.keys():
        raise InputError(
            f"{path} belongs to another network. Missing: {sorted(shapes.keys() - arrays.keys())}. "
            f"Unknown: {sorted(arrays.keys() - shapes.keys())}"
        )
    for name, array in arrays.items():
        if array.shape != tuple(shapes[name]):
            raise InputError(
                f"{path} belongs to another network. Expected {name} of shape "
                f"{tuple(shapes[name])}. Received: {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InputError(f"{path} is damaged: {name} holds numbers that are not finite.")
    return arrays


def _dequantised(path: Path, stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for name, array in stored.items():
        kernel, dot, ending = name.rpartition(".")
        suffix = dot + ending
        expected = np.int8 if suffix == VALUES else np.float32
        if array.dtype != expected:
            raise InputError(
                f"{path} is damaged: expected {name} as {np.dtype(expected)}. "
                f"Received: {array.dtype}"
            )
        if suffix == VALUES:
            scale = stored.get(kernel + SCALE)
            if scale is None or scale.shape != array.shape[-1:]:
                raise InputError(f"{path} is damaged: {name} has no fitting scale.")
            arrays[kernel] = dequantise(array, scale)
        elif suffix != SCALE or kernel + VALUES not in stored:
            arrays[name] = array
    return arrays
