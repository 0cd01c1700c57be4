"""A training run tells a person where it stands, on the terminal and in its log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingProgress:
    """Shows a bar of passes on a terminal, and writes lines with the time left to a log file."""

    def __init__(self, log: Path, passes: int, done: int) -> None:
        """Begin to tell of a run.

        Args:
            log: file that lines are added to.
            passes: number of passes of the whole run.
            done: number of passes that earlier attempts have done.
        """
        self.log, self.passes, self.first = log, passes, done
        self.started = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            transient=True,
        )
        self.task = self.bar.add_task("Training", total=passes, completed=done, loss=0.0)

    def __enter__(self) -> TrainingProgress:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def step(self, done: int, loss: float) -> None:
        """Show that so many passes are done."""
        self.bar.update(self.task, completed=done, loss=loss)

    def tell(self, done: int, text: str) -> None:
        """Write a line: how far the run is, how long it still takes, and ``text``."""
        seconds = time.monotonic() - self.started
        seconds_a_pass = seconds / max(1, done - self.first)
        left = timedelta(seconds=round(seconds_a_pass * (self.passes - done)))
        line = (
            f"{datetime.now().astimezone().isoformat(timespec='seconds')}  "
            f"{done:,} of {self.passes:,} passes, {1000 * seconds_a_pass:.1f} ms each, "
            f"{left} left  {text}"
        )
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")
        self.bar.console.print(line, highlight=False, soft_wrap=True)


def describe_round(entry: Mapping[str, Any]) -> str:
    """Return the loss and the scores of a finished round, as the history keeps it, in one line."""
    shown = []
    for domain, scores in entry["domains"].items():
        numbers = " ".join(
            f"{short} {scores[name]:.3f}"
            for name, short in (
                ("malignant_auroc", "mal"),
                ("melanoma_auroc", "mel"),
                ("balanced_accuracy", "bal"),
                ("image_type_accuracy", "type"),
            )
            if name in scores
        )
        shown.append(f"{domain}: loss {scores['loss']:.3f} {numbers}".rstrip())
    return f"loss {entry['loss']:.4f}  score {entry['score']:.4f}  {'; '.join(shown)}"
