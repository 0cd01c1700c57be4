"""Compare how engines other than TensorFlow run the shipped networks: ``make bench-engines``.

An engine may take TensorFlow's place where it is faster and its probabilities differ by less than
0.001. It must also give the gradient that the heat map is drawn from.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ml.judging.predictor import Predictor
from ml.judging.preprocessing import to_pixels
from ml.packaging.bundle import find
from ml.taxonomy import DERMOSCOPIC
from tests.lesions import render

NETWORKS = ("lesion-net", "seven-stage")
PICTURES, ROUNDS = 32, 8
REFERENCE = "TensorFlow"
Engine = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    title = f"Engines, {PICTURES} pictures in one call"
    table = Table("network", "engine", "ms a picture", "over TensorFlow", "differs by", title=title)
    for name in NETWORKS:
        for row in _measure(name):
            table.add_row(name, *row)
    Console(width=100).print(table)


def _measure(name: str) -> Iterator[tuple[str, str, str, str]]:
    predictor = Predictor.load(find(name))
    size = predictor.input_size
    pixels = np.stack([to_pixels(render(seed, (600, 450)), size) for seed in range(PICTURES)])
    with tempfile.TemporaryDirectory(prefix="skinsite-engines-") as folder:
        engines = _engines(predictor, Path(folder))
        times = {engine: _best(partial(call, pixels)) for engine, call in engines.items()}
        wanted = _malignant(predictor, engines[REFERENCE](pixels))
        for engine, call in engines.items():
            found = _malignant(predictor, call(pixels))
            yield (
                engine,
                f"{times[engine]:.1f}",
                f"{times[engine] / times[REFERENCE]:.2f}",
                f"{np.abs(found - wanted).max():.6f}",
            )
    took = _best(partial(predictor.examine, pixels))
    # TensorFlow alone is measured here, because the other engines convert no gradient.
    yield f"{REFERENCE}, with the heat map", f"{took:.1f}", f"{took / times[REFERENCE]:.2f}", ""


def _engines(predictor: Predictor, folder: Path) -> dict[str, Engine]:
    """Return a function from pixels to logits for each engine, by the engine's name."""
    import onnxruntime
    import openvino
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec((None, *predictor.model.input_shape[1:]), tf.uint8)]
    plain = predictor._network.python_function
    compiled = tf.function(plain, input_signature=signature, jit_compile=True)

    path = folder / "network.onnx"
    tf2onnx.convert.from_function(
        tf.function(plain), input_signature=signature, output_path=str(path)
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name

    converted = openvino.convert_model(predictor._network.get_concrete_function())
    core = openvino.Core()

    def in_openvino(precision: str) -> Engine:
        network = core.compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": precision})
        return lambda pixels: network(pixels)[0]

    return {
        REFERENCE: predictor.logits,
        "TensorFlow, XLA": lambda pixels: compiled(pixels).numpy(),
        "ONNX Runtime": lambda pixels: session.run(None, {given: pixels})[0],
        "OpenVINO": in_openvino("f32"),
        "OpenVINO, bfloat16": in_openvino("bf16"),
    }


def _malignant(predictor: Predictor, logits: np.ndarray) -> np.ndarray:
    probabilities = predictor.calibrated(logits, [DERMOSCOPIC] * len(logits))
    return predictor.malignant(probabilities)


def _best(call: Callable[[], object]) -> float:
    """Return how many milliseconds a picture took in the fastest of several calls."""
    call()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return 1000 * min(found) / PICTURES


if __name__ == "__main__":
    main()
