"""Draw the rooms of the code and the imports between them into ``docs/architecture.md``.

``make rooms`` runs it; a test fails while the picture is not that of the code.
"""

from __future__ import annotations

from pathlib import Path

import grimp

PAGE = Path(__file__).with_name("architecture.md")
BEGIN, END = "<!-- rooms: drawn by `make rooms` -->\n", "<!-- end of rooms -->\n"
PACKAGES = ("classifier", "ml", "skinsite")

#: Every room may use these modules, and migrations are Django's. The picture leaves them out
#: because their arrows would only hide others.
GROUND = ("ml.errors", "ml.files", "ml.taxonomy", "classifier.migrations")

Arrows = set[tuple[str, str]]


def room_of(module: str) -> str | None:
    """Return the room a module lies in: the first folder or file below its package."""
    room = ".".join(module.split(".")[:2])
    return None if room in (*GROUND, *PACKAGES) or room.endswith("__main__") else room


def find_arrows() -> Arrows:
    """Return which room imports from which other one."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    arrows = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            rooms = room_of(importer), room_of(imported)
            if rooms[0] and rooms[1] and rooms[0] != rooms[1]:
                arrows.add((rooms[0], rooms[1]))
    return arrows


def without_shortcuts(arrows: Arrows) -> Arrows:
    """Return the arrows without those whose rooms are also joined by a way over other rooms."""
    below: dict[str, set[str]] = {}
    for importer, imported in arrows:
        below.setdefault(importer, set()).add(imported)

    def reaches(start: str, end: str, seen: frozenset[str]) -> bool:
        return any(
            step == end or reaches(step, end, seen | {step})
            for step in below.get(start, set()) - seen
        )

    return {
        (importer, imported)
        for importer, imported in arrows
        if not any(
            reaches(step, imported, frozenset((importer, step)))
            for step in below[importer] - {imported}
        )
    }


def draw(arrows: Arrows) -> str:
    """Return the rooms of ``ml`` and of the site, and their arrows, as a Mermaid flowchart."""
    rooms = sorted({room for arrow in arrows for room in arrow})
    lines = ["```mermaid", "flowchart TD"]
    for package in PACKAGES:
        lines.append(f"    subgraph {package}")
        lines += [
            f'        {room}["{room.partition(".")[2]}"]'
            for room in rooms
            if room.startswith(f"{package}.")
        ]
        lines.append("    end")
    lines += [f"    {importer} --> {imported}" for importer, imported in sorted(arrows)]
    return "\n".join([*lines, "```", ""])


def page(text: str) -> str:
    """Return the text of the page with the picture drawn anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + draw(without_shortcuts(find_arrows())) + END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
