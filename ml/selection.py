"""Which pictures a network may learn from, which validate it, and why others may not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.dataset import split, twins_of
from ml.errors import InputError
from ml.manifest import Pair, Sample, read_pairs, read_paths, read_samples
from ml.taxonomy import LABELS


@dataclass(frozen=True)
class Selection:
    """The pictures of one training run.

    Attributes:
        training: what the weights are fitted to.
        validation: what the best epoch is chosen by; shares no lesion and no near-duplicate with
            the training pictures.
        report: where they come from, as JSON: sources, counts by class, what was dropped and
            why, and a fingerprint that changes with any picture's name, label or part.
    """

    training: list[Sample]
    validation: list[Sample]
    report: dict[str, Any]


def select(
    sources: Sequence[Path],
    *,
    near_duplicates: Path | None,
    exclude: Path | None,
    held_out: Sequence[Path],
    validation_share: float,
    seed: int,
) -> Selection:
    """Read training sets, drop what must not be learnt, and split off the validation pictures.

    Args:
        sources: class folders or manifests of the training sets.
        near_duplicates: CSV of pairs, see `ml.manifest.read_pairs`.
        exclude: CSV of pictures to drop.
        held_out: sets the network will be measured on; their pictures are dropped, every
            near-duplicate of one of them, and every other picture of the same lesions.
        validation_share: in (0, 1).
        seed: of the split.

    Raises:
        InputError: a file cannot be used, or a class has no picture left on either side.
    """
    found = [sample for source in sources for sample in read_samples(source)]
    pairs = read_pairs(near_duplicates) if near_duplicates else []
    measured = [sample for directory in held_out for sample in read_samples(directory)]
    measured_paths = {sample.path for sample in measured}
    twins = twins_of(measured_paths, pairs)
    lesions = {s.lesion for s in measured if s.lesion}
    lesions |= {s.lesion for s in found if s.lesion and s.path in twins}
    reasons = {
        "excluded": read_paths(exclude) if exclude else set(),
        "held_out": measured_paths,
        "near_duplicate_of_held_out": twins,
        "same_lesion_as_held_out": {s.path for s in found if s.lesion in lesions},
    }
    kept, dropped = found, {}
    for reason, paths in reasons.items():
        dropped[reason] = counts(sample for sample in kept if sample.path in paths)
        kept = [sample for sample in kept if sample.path not in paths]
    repeats = coarser_repeats(kept, pairs)
    dropped["near_duplicate_with_a_finer_label"] = counts(s for s in kept if s.path in repeats)
    kept = [sample for sample in kept if sample.path not in repeats]
    training, validation = split(kept, pairs, validation_share, seed)
    for part, samples in (("training", training), ("validation", validation)):
        missing = sorted({s.label for s in found} - {s.label for s in samples})
        if missing:
            raise InputError(
                f"Every class needs pictures for {part}; give more pictures of {missing} or "
                f"another --validation-share. Received: {counts(samples)}"
            )
    report = {
        "sources": [_title(source) for source in sources],
        "held_out": [_title(directory) for directory in held_out],
        "found": counts(found),
        "dropped": {reason: number for reason, number in dropped.items() if number},
        "training": counts(training),
        "validation": counts(validation),
        "validation_share": validation_share,
        "split_seed": seed,
        "fingerprint": _fingerprint(training, validation),
    }
    return Selection(training, validation, report)


def coarser_repeats(samples: Sequence[Sample], pairs: Iterable[Pair]) -> set[Path]:
    """Return the pictures of which a near-duplicate among ``samples`` has a finer label.

    The same photograph twice would count twice, and its coarse label adds nothing to the fine one.
    """
    breadth = {sample.path: len(LABELS[sample.label]) for sample in samples}
    return {
        coarse
        for pair in pairs
        for coarse, fine in (pair, pair[::-1])
        if coarse in breadth and fine in breadth and breadth[fine] < breadth[coarse]
    }


def counts(samples: Iterable[Sample]) -> dict[str, int]:
    """Return the number of samples of each class that occurs, in the order of `LABELS`."""
    found = Counter(sample.label for sample in samples)
    return {label: found[label] for label in LABELS if label in found}


def _title(source: Path) -> str:
    """The last two parts of a path: enough to recognise a set, nothing of the machine."""
    return "/".join(source.resolve().parts[-2:])


def _fingerprint(*parts: Sequence[Sample]) -> str:
    digest = hashlib.sha256()
    for number, samples in enumerate(parts):
        for sample in samples:
            # Folder and file: the same wherever the collection lies.
            name = "/".join(sample.path.parts[-2:])
            digest.update(f"{number}\t{sample.label}\t{name}\n".encode())
    return digest.hexdigest()
