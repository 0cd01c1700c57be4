"""This counts what became of uploads and of the site."""

from __future__ import annotations


class Report:
    """This tells what became of everything.

    Attributes:
        counts: how often each thing worth knowing happened, by its name.
        goals: the names of those counts that must be 0.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.goals: set[str] = set()

    def add(self, name: str, number: int, *, wanted: bool = True) -> None:
        self.counts[name] = number
        if not wanted:
            self.goals.add(name)

    @property
    def wrong(self) -> dict[str, int]:
        """Return the counts that must be 0 and are not."""
        return {name: self.counts[name] for name in self.goals if self.counts[name]}
