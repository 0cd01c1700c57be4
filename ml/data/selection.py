"""Select the pictures that a network may learn from, and say why others may not be used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.data.dataset import margins, split, twins_of
from ml.data.manifest import Pair, Sample, read_pairs, read_paths, read_samples
from ml.errors import InputError
from ml.taxonomy import LABELS


@dataclass(frozen=True)
class Selection:
    """Holds the pictures of one training run.

    Attributes:
        training: the pictures that the weights are fitted to.
        validation: the pictures that the best epoch is chosen by. They share no lesion and no
            near-duplicate with the training pictures.
        report: where the pictures come from, as JSON: their sources, counts by class, what was
            dropped and why, and a fingerprint that changes with any picture's name, label or part.
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
    validation: Path | None = None,
    left_out: Sequence[str] = (),
    margin_number: int = 0,
) -> Selection:
    """Read training sets, drop what must not be learnt, and split off the validation pictures.

    Args:
        sources: class folders or manifests of the training sets.
        near_duplicates: CSV of pairs, see `ml.data.manifest.read_pairs`.
        exclude: CSV of pictures to drop.
        held_out: sets the network will be measured on. Their pictures are dropped, and so are
            all near-duplicates of them and all other pictures of the same lesions.
        validation_share: share in (0, 1) that is split off; it is not used where ``validation`` is
            given.
        seed: seed of the split.
        validation: manifest of the validation pictures, e.g. of an earlier run; they are kept out
            like those that are held out.
        left_out: sources that are not learnt from; all their pictures are validated on.
        margin_number: margins of the pictures to add as skin without a lesion, see
            `ml.data.dataset.margins`.

    Raises:
        InputError: a file cannot be used, or a class has no picture left on either side.
    """
    found = [sample for source in sources for sample in read_samples(source)]
    unknown = set(left_out) - {sample.source for sample in found}
    if unknown:
        raise InputError(f"There is no picture of {sorted(unknown)} to leave out.")
    pairs = read_pairs(near_duplicates) if near_duplicates else []
    measured = [sample for directory in held_out for sample in read_samples(directory)]
    excluded = {"excluded": read_paths(exclude) if exclude else set()}
    kept, dropped = _drop(found, excluded | _unseen("held_out", measured, found, pairs))
    repeats = {"near_duplicate_with_a_finer_label": coarser_repeats(kept, pairs)}
    kept, repeated = _drop(kept, repeats)
    learnt = [sample for sample in kept if sample.source not in left_out]
    learnt += margins(learnt, margin_number, seed)
    if validation:
        validating = read_samples(validation)
    else:
        _, validating = split(learnt, pairs, validation_share, seed)
        validating += [sample for sample in kept if sample.source in left_out]
    training, near = _drop(learnt, _unseen("validation", validating, learnt, pairs))
    dropped |= repeated | {name: number for name, number in near.items() if name != "validation"}
    _demand_every_class(learnt, training, "training")
    _demand_every_class([] if validation else learnt, validating, "validation")
    report = {
        "sources": [_title(source) for source in sources],
        "held_out": [_title(directory) for directory in held_out],
        "left_out": list(left_out),
        "found": counts(found),
        "dropped": {reason: number for reason, number in dropped.items() if number},
        "training": counts(training),
        "validation": counts(validating),
        "domains": _by_domain(training, validating),
        "validation_share": None if validation else validation_share,
        "split_seed": seed,
        "fingerprint": _fingerprint(training, validating),
        "validation_fingerprint": _fingerprint(validating),
    }
    return Selection(training, validating, report)


def _demand_every_class(samples: Sequence[Sample], part: Sequence[Sample], name: str) -> None:
    missing = sorted({sample.label for sample in samples} - {sample.label for sample in part})
    if missing or not part:
        raise InputError(
            f"Every class needs pictures for {name}; give more pictures of "
            f"{missing or 'every class'} or another --validation-share. Received: {counts(part)}"
        )


def _drop(
    samples: list[Sample], reasons: Mapping[str, set[Path]]
) -> tuple[list[Sample], dict[str, dict[str, int]]]:
    """Return the samples that no reason names, and how many each reason drops by class."""
    dropped = {}
    for reason, paths in reasons.items():
        dropped[reason] = counts(sample for sample in samples if sample.path in paths)
        samples = [sample for sample in samples if sample.path not in paths]
    return samples, dropped


def _unseen(
    name: str, unseen: Sequence[Sample], samples: Sequence[Sample], pairs: Sequence[Pair]
) -> dict[str, set[Path]]:
    """Return what must go so that no picture of ``unseen``, nor anything like it, is learnt."""
    paths = {sample.path for sample in unseen}
    twins = twins_of(paths, pairs)
    near = [*unseen, *(sample for sample in samples if sample.path in twins)]
    lesions = {sample.lesion for sample in near} - {""}
    # Only the unseen pictures drop whole patients. Another lesion of the patient of a mere
    # near-duplicate shows nothing that is measured.
    patients = {sample.patient for sample in unseen} - {""}
    same = {s.path for s in samples if s.lesion in lesions or s.patient in patients}
    return {name: paths, f"near_duplicate_of_{name}": twins, f"same_lesion_as_{name}": same}


def _by_domain(training: Sequence[Sample], validation: Sequence[Sample]) -> dict[str, Any]:
    parts = {"training": training, "validation": validation}
    found = {name: Counter(s.domain for s in samples) for name, samples in parts.items()}
    names = sorted({domain for numbers in found.values() for domain in numbers})
    return {domain: {name: numbers[domain] for name, numbers in found.items()} for domain in names}


def coarser_repeats(samples: Sequence[Sample], pairs: Iterable[Pair]) -> set[Path]:
    """Return the pictures of which a near-duplicate among ``samples`` has a finer label.

    The same photograph would otherwise count twice, and its coarse label adds nothing to the fine
    one.
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
    """Return the last two parts of a path.

    They are enough to recognise a set by, and tell nothing of the machine.
    """
    return "/".join(source.resolve().parts[-2:])


def _fingerprint(*parts: Sequence[Sample]) -> str:
    digest = hashlib.sha256()
    for number, samples in enumerate(parts):
        for sample in samples:
            # Folder and file stay the same, wherever the collection lies.
            name = "/".join(sample.path.parts[-2:])
            digest.update(f"{number}\t{sample.label}\t{name}\n".encode())
    return digest.hexdigest()
