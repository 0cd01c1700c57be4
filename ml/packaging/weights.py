"""Keep the weights of a network in one file that holds numbers and nothing else.

It is a NumPy ``.npz`` archive, never pickled, keyed by the variable paths of a network defined in
code (``conv_1/kernel``). A large kernel ``dense/kernel`` is stored as ``dense/kernel.int8`` and
``dense/kernel.scale``, see `ml.packaging.quantisation`. Every other array is stored as
``float32``.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ml.architectures.folding import fold, is_normalised
from ml.errors import InputError
from ml.files import write_arrays
from ml.packaging.quantisation import dequantise, quantise

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
    write_arrays(path, stored)


def read(path: Path) -> dict[str, np.ndarray]:
    """Return the ``float32`` arrays of what `save` wrote, by variable path, as they were trained.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
    # NumPy also reads one bare array, which is no archive and gives the TypeError.
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is no readable weights file: {error}") from error
    return _dequantised(path, stored)


def load(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the arrays of a network that is served, ``float32`` by variable path.

    Args:
        path: file that `save` wrote.
        shapes: name and shape of every array of the network, and of no other. Where they are
            those of a folded network, the file of a network with normalisation is folded.

    Raises:
        InputError: the file is damaged, or its arrays are not those of ``shapes``.
    """
    arrays = read(path)
    if is_normalised(arrays) and not is_normalised(shapes):
        try:
            arrays = fold(arrays)
        except (KeyError, ValueError) as error:
            raise InputError(f"{path} is damaged: its normalisation is not whole.") from error
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
