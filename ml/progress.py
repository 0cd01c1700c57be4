"""How a training run tells a person where it stands."""

from __future__ import annotations

import keras
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EpochProgress(keras.callbacks.Callback):
    """A bar for the running epoch and one line for each finished one.

    A log file gets the lines only, where Keras's own bar would write every step.

    Attributes:
        bars: shown while it is entered as a context manager.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            transient=True,
        )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.title = f"Epoch {epoch + 1}/{self.params['epochs']}"
        self.task = self.bars.add_task(self.title, total=self.params["steps"], loss=0.0)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bars.update(self.task, completed=batch + 1, loss=float((logs or {})["loss"]))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.bars.remove_task(self.task)
        scores = "  ".join(f"{name} {float(value):.4f}" for name, value in (logs or {}).items())
        self.bars.console.print(f"{self.title}  {scores}", highlight=False, soft_wrap=True)
