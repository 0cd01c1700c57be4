"""What became of uploads and of the site."""

from __future__ import annotations


class Report:
    """What became of everything.

    Attributes:
        counts: of everything worth knowing.
        goals: the names of those that must be 0.
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
        """Those that are not 0 and must be."""
        return {name: self.counts[name] for name in self.goals if self.counts[name]}
