"""Start TensorFlow, which takes seconds and hundreds of megabytes, only where it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
#: TensorFlow turns oneDNN on by itself only where there is AVX-512. With AVX2 too it halves the
#: cost of pictures that are judged together. `ml.judging.predictor` tells what one costs alone.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def start(threads: int | None = None) -> None:
    """Import TensorFlow as Keras's backend, silently unless TF_CPP_MIN_LOG_LEVEL is 0.

    If the environment already says whether to use oneDNN, that stays.

    Args:
        threads: processor threads of one operation; None leaves the choice to TensorFlow, which
            takes every core. Only the first call of a process can choose.

    Raises:
        RuntimeError: TensorFlow already runs with another number of threads.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault(ONEDNN, "1")
    level = os.environ.setdefault(LOG_LEVEL, "3")
    with nullcontext() if level == "0" else _native_stderr_closed():
        import tensorflow as tf

    if threads is not None and threads != tf.config.threading.get_intra_op_parallelism_threads():
        tf.config.threading.set_intra_op_parallelism_threads(threads)


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """Hide what C++ writes to standard error; Python's exceptions still reach it afterwards.

    The log level alone does not silence the messages of the import (tensorflow#100442).
    """
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
