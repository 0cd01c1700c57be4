"""Print every figure of the site's speed and memory: ``make bench``.

Figures that depend on the machine are printed beside a reference from the same run, as a ratio.
"""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import (
    analysis,
    first_paint,
    history,
    networks,
    scaling,
    upload,
    web_memory,
    worker,
)


def main() -> None:
    table = Table("what", "measured", "goal", title="SkinSite bench")
    with tempfile.TemporaryDirectory(prefix="skinsite-bench-") as folder:
        rows = (
            upload.measure(Path(folder, "site")),
            web_memory.measure(Path(folder, "memory")),
            history.measure(Path(folder, "rows")),
            first_paint.measure(Path(folder, "paint")),
            networks.measure(),
            analysis.measure(),
            worker.measure(Path(folder, "worker")),
            scaling.measure(Path(folder, "scaling")),
        )
        for row in chain(*rows):
            table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
