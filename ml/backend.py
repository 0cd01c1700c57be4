"""Starting TensorFlow, which takes seconds and hundreds of megabytes, only where it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


#: What makes a step of training on processors half as long again as fast: TensorFlow turns oneDNN
#: on by itself only where there is AVX-512, and the C library gives the memory of every step back
#: to the system. Both are read when a process starts.
FAST_TRAINING = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**28),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def restart_for_training() -> None:
    """Start this program anew with `FAST_TRAINING` in its environment, unless it has that already.

    What the caller has set stays.
    """
    missing = {name: value for name, value in FAST_TRAINING.items() if name not in os.environ}
    if missing:
        os.environ.update(missing)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606


def start(threads: int | None = None) -> None:
    """Import TensorFlow as Keras's backend, silently unless TF_CPP_MIN_LOG_LEVEL is 0.

    Args:
        threads: processor threads of one operation; None leaves the choice to TensorFlow, which
            takes every core. Only the first call of a process can choose.

    Raises:
        RuntimeError: TensorFlow already runs with another number of threads.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    level = os.environ.setdefault(LOG_LEVEL, "3")
    with nullcontext() if level == "0" else _native_stderr_closed():
        import tensorflow as tf

    if threads is not None and threads != tf.config.threading.get_intra_op_parallelism_threads():
        tf.config.threading.set_intra_op_parallelism_threads(threads)


def start_for_training() -> None:
    """Start the backend that ``KERAS_BACKEND`` names, by default TensorFlow.

    Training needs nothing of TensorFlow's own, so it runs with JAX or PyTorch on their devices.
    """
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        start()


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
