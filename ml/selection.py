"""Which pictures a network may learn from, which validate it, and why others may not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.dataset import Sample, read_pairs, read_paths, read_samples, split, twins_of
from ml.errors import InputError
from ml.taxonomy import BINARY_CLASSES


@dataclass(frozen=True)
class Selection:
    """The pictures of one training run.

    Attributes:
        training: what the weights are fitted to.
        validation: what the best epoch is chosen by; no near-duplicate of a training picture.
        report: where they come from, as JSON: sources, counts by class, what was dropped and
            why, and a fingerprint that changes with any picture's name, label or part.
    """

    training: list[Sample]
    validation: list[Sample]
    report: dict[str, Any]


def select(
    source: Path,
    *,
    near_duplicates: Path | None,
    exclude: Path | None,
    held_out: Sequence[Path],
    validation_share: float,
    seed: int,
) -> Selection:
    """Read a training set, drop what must not be learnt, and split off the validation pictures.

    Args:
        source: class folders or manifest of the training set.
        near_duplicates: CSV of pairs, see `ml.dataset.read_pairs`.
        exclude: CSV of pictures to drop.
        held_out: sets the network will be measured on; their pictures are dropped, and every
            near-duplicate of one of them.
        validation_share: in (0, 1).
        seed: of the split.

    Raises:
        InputError: a file cannot be used, or a class has no picture left on either side.
    """
    found = read_samples(source)
    pairs = read_pairs(near_duplicates) if near_duplicates else []
    measured = {sample.path for directory in held_out for sample in read_samples(directory)}
    reasons = {
        "excluded": read_paths(exclude) if exclude else set(),
        "held_out": measured,
        "near_duplicate_of_held_out": twins_of(measured, pairs),
    }
    kept, dropped = found, {}
    for reason, paths in reasons.items():
        dropped[reason] = counts(sample for sample in kept if sample.path in paths)
        kept = [sample for sample in kept if sample.path not in paths]
    training, validation = split(kept, pairs, validation_share, seed)
    for part, samples in (("training", training), ("validation", validation)):
        if not all(counts(samples).values()):
            raise InputError(
                f"Both classes need pictures for {part}; give more pictures in {source} or "
                f"another --validation-share. Received: {counts(samples)}"
            )
    report = {
        "source": _title(source),
        "held_out": [_title(directory) for directory in held_out],
        "found": counts(found),
        "dropped": dropped,
        "training": counts(training),
        "validation": counts(validation),
        "validation_share": validation_share,
        "split_seed": seed,
        "fingerprint": _fingerprint(source, training, validation),
    }
    return Selection(training, validation, report)


def counts(samples: Iterable[Sample]) -> dict[str, int]:
    """Return the number of samples of each class."""
    labels = [sample.label for sample in samples]
    return {label: labels.count(label) for label in BINARY_CLASSES}


def _title(source: Path) -> str:
    """The last two parts of a path: enough to recognise a set, nothing of the machine."""
    return "/".join(source.resolve().parts[-2:])


def _fingerprint(source: Path, *parts: Sequence[Sample]) -> str:
    root = (source if source.is_dir() else source.parent).resolve()
    digest = hashlib.sha256()
    for number, samples in enumerate(parts):
        for sample in samples:
            name = Path(os.path.relpath(sample.path, root)).as_posix()
            digest.update(f"{number}\t{sample.label}\t{name}\n".encode())
    return digest.hexdigest()
