"""Print what was measured as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.measuring.binary_metrics import Estimate

#: Each table of a test set has a heading, and its scores lie in one part of the results.
PARTS = {
    "model": "malignant against benign",
    "melanoma": "melanoma against the rest",
    "diagnosis": "which of the diagnoses",
}
CALLED = ("dermoscopic", "clinical", "other", "between")


def show(results: Mapping[str, Any], quantisation: Mapping[str, Any]) -> None:
    """Print the scores of every test set, the baselines beside them, subgroups and changes."""
    console = Console()
    # The console must be wide enough for every column, also where the output is a file.
    console.width = max(console.width, 120)
    for name, result in results.items():
        pictures = ", ".join(f"{count} {label}" for label, count in result["pictures"].items())
        title = name.replace("_", " ").capitalize()
        console.print(f"\n[bold]{title}[/bold]: {pictures}; {result['groups']} groups")
        for part, heading in PARTS.items():
            if part in result:
                answers = {"this model": result[part]} | {
                    other: scores[part]
                    for other, scores in result["baselines"].items()
                    if part in scores
                }
                console.print(_table(heading, answers))
        screened = result["screened"]
        console.print(
            f"judged: {_cell(screened['judged']['all'])}; the others: {screened['problems']}"
        )
        console.print(called_table(screened["called"], "called"))
        changed = {"as they are": result["unchanged"], **result["changed"]}
        if screened["scores"]:
            changed["those judged"] = screened["scores"]
        console.print(_table("changed pictures", changed))
        for kind, scored in {"class": result.get("by_class", {}), **result["subgroups"]}.items():
            if scored:
                console.print(_table(f"by {kind.replace('_', ' ')}", scored, across=False))
    for name, effect in quantisation.items():
        moves = ", ".join(
            f"{metric} {scores['float32']:.4f} -> {scores['int8']:.4f} "
            f"({scores['difference']:+.4f})"
            for metric, scores in effect.items()
            if isinstance(scores, dict)
        )
        console.print(f"8-bit storage, {name.replace('_', ' ')}: {moves}", highlight=False)


def _table(title: str, scored: Mapping[str, Mapping[str, Any]], *, across: bool = True) -> Table:
    """Return a table with a column, or else a line, for each thing that was scored."""
    table = Table(title=title, title_justify="left")
    metrics = list(dict.fromkeys(metric for scores in scored.values() for metric in scores))
    headings = list(scored) if across else metrics
    for heading in ("", *headings):
        table.add_column(heading.replace("_", " "))
    for line in metrics if across else scored:
        cells = (
            _cell(scored[heading].get(line) if across else scored[line].get(heading))
            for heading in headings
        )
        table.add_row(line.replace("_", " "), *cells)
    return table


def called_table(domains: Mapping[str, Mapping[str, float]], title: str) -> Table:
    """Return a table that says what share of each source is called each image type."""
    table = Table("source", "pictures", *CALLED, title=title, title_justify="left")
    for name, found in domains.items():
        table.add_row(name, str(found["pictures"]), *(f"{found[kind]:.4f}" for kind in CALLED))
    return table


def _cell(value: Estimate | int | None) -> str:
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "not enough data"
    if value["value"] is None:
        return "undefined"
    return f"{value['value']:.4f} ({value['low']:.4f}-{value['high']:.4f})"
