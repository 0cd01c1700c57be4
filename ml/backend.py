"""Starting TensorFlow, which takes seconds and hundreds of megabytes, only where it is needed."""

from __future__ import annotations

import os


def start(threads: int | None = None) -> None:
    """Import Keras on TensorFlow without TensorFlow's start-up messages.

    Args:
        threads: processor threads of one operation; None leaves the choice to TensorFlow, which
            takes every core. Only the first call of a process can choose.

    Raises:
        RuntimeError: TensorFlow already runs with another number of threads.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras  # noqa: F401
    import tensorflow as tf

    if threads is not None and threads != tf.config.threading.get_intra_op_parallelism_threads():
        tf.config.threading.set_intra_op_parallelism_threads(threads)
