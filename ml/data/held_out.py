"""No network may learn from these pictures, which were chosen once and are kept by name.

``held_out_names/SOURCE.txt`` lists the names of a collection's pictures, one a line. HAM10000's are
those that ``ml manifest`` split off with its default seed and share; MILK10k's were drawn in the
same way, by lesion, so that both kinds of picture of a lesion are among them. Those of ISIC 2017
are the samples that the site shows to strangers, see ``static/samples``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ml.data.manifest import Sample
from ml.errors import InputError

DIRECTORY = Path(__file__).parent / "held_out_names"


def sources() -> list[str]:
    """Return the names of the collections that a list is kept of."""
    return sorted(path.stem for path in DIRECTORY.glob("*.txt"))


def names(source: str) -> frozenset[str]:
    """Return the names of the held-out pictures of ``source``, or none if no list is kept."""
    path = DIRECTORY / f"{source}.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()


def divide(samples: Sequence[Sample], source: str) -> tuple[list[Sample], list[Sample]]:
    """Return ``(rest, held out)`` of the pictures of one collection.

    Raises:
        InputError: there is no list of the collection, or a picture of it is missing.
    """
    listed = names(source)
    if not listed:
        raise InputError(
            f"No held-out pictures of {source} are kept; choose one of {sources()}, or split by "
            "--held-out-share."
        )
    missing = listed - {sample.path.stem for sample in samples}
    if missing:
        raise InputError(
            f"{len(missing)} held-out pictures of {source} are not in the collection, e.g. "
            f"{min(missing)}; give the whole collection."
        )
    rest = [sample for sample in samples if sample.path.stem not in listed]
    return rest, [sample for sample in samples if sample.path.stem in listed]
