"""Labelled pictures on disk: class folders, manifests, near-duplicates, splits."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from ml.errors import InputError
from ml.preprocessing import to_pixels
from ml.taxonomy import BINARY_CLASSES

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}

Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Sample:
    """One labelled picture.

    Attributes:
        path: absolute path of the picture.
        label: its class, one of `BINARY_CLASSES`.
    """

    path: Path
    label: str

    @property
    def target(self) -> int:
        """Index of the label: 0 benign, 1 malignant."""
        return BINARY_CLASSES.index(self.label)


def read_samples(source: Path) -> list[Sample]:
    """Return the samples of a class-folder directory or of a manifest, in a fixed order.

    Args:
        source: a directory with one sub-directory per class, or a CSV with the columns ``path``
            (relative to the CSV) and ``diagnosis``.

    Raises:
        InputError: nothing to read there, or a class that is not benign or malignant.
    """
    if source.is_dir():
        samples = [
            Sample(path.resolve(), folder.name)
            for folder in sorted(source.iterdir())
            if folder.is_dir()
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in IMAGE_SUFFIXES
        ]
    else:
        samples = [
            Sample((source.parent / row["path"]).resolve(), row["diagnosis"])
            for row in _rows(source, "path", "diagnosis")
        ]
    unknown = {sample.label for sample in samples} - set(BINARY_CLASSES)
    if unknown or not samples:
        raise InputError(
            f"Expected pictures of the classes {BINARY_CLASSES} in {source}. "
            f"Received: {sorted(unknown) or 'no picture'}"
        )
    return samples


def read_pairs(source: Path) -> list[Pair]:
    """Return the near-duplicate pairs of a CSV ``path_a,path_b,...`` (paths relative to it)."""
    root = source.parent
    return [
        ((root / row["path_a"]).resolve(), (root / row["path_b"]).resolve())
        for row in _rows(source, "path_a", "path_b")
    ]


def read_paths(source: Path) -> set[Path]:
    """Return the paths of a CSV with a column ``path`` (relative to it)."""
    return {(source.parent / row["path"]).resolve() for row in _rows(source, "path")}


def _rows(source: Path, *columns: str) -> list[dict[str, str]]:
    if not source.is_file():
        raise InputError(f"There is no such file or directory: {source}")
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source} is not a CSV file in UTF-8: {error}") from error
    if missing:
        raise InputError(f"{source} needs the columns {columns}. Missing: {missing}")
    if any(row[name] is None for row in rows for name in columns):
        raise InputError(f"{source} has a line with fewer values than columns; complete it.")
    return rows


def twins_of(paths: Iterable[Path], pairs: Iterable[Pair]) -> set[Path]:
    """Return every path that forms a near-duplicate pair with one of ``paths``."""
    wanted = set(paths)
    return {b for a, b in pairs if a in wanted} | {a for a, b in pairs if b in wanted}


def groups(samples: Sequence[Sample], pairs: Iterable[Pair]) -> list[list[Sample]]:
    """Return ``samples`` grouped so that near-duplicates, also by way of others, stay together."""
    parent = {sample.path: sample.path for sample in samples}

    def root(path: Path) -> Path:
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path

    # A pair counts through pictures outside the samples too (A ~ X ~ B puts A beside B).
    for a, b in pairs:
        parent.setdefault(a, a)
        parent.setdefault(b, b)
        parent[root(a)] = root(b)
    grouped: dict[Path, list[Sample]] = defaultdict(list)
    for sample in samples:
        grouped[root(sample.path)].append(sample)
    return list(grouped.values())


def split(
    samples: Sequence[Sample],
    pairs: Iterable[Pair],
    validation_share: float,
    seed: int,
) -> tuple[list[Sample], list[Sample]]:
    """Split into training and validation samples that share no near-duplicate.

    Each class gives ``validation_share`` of its pictures, whole groups at a time.

    Returns:
        ``(training, validation)``.
    """
    shuffled = groups(samples, pairs)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    wanted = {
        label: validation_share * sum(sample.label == label for sample in samples)
        for label in BINARY_CLASSES
    }
    training: list[Sample] = []
    validation: list[Sample] = []
    for group in shuffled:
        # Nearly the same picture can carry both labels; the group counts for its first.
        label = group[0].label
        if wanted[label] >= len(group):
            validation += group
            wanted[label] -= len(group)
        else:
            training += group
    return training, validation


def read_picture(path: Path) -> Image.Image:
    """Return the fully decoded picture at ``path``.

    Raises:
        InputError: there is none, or Pillow cannot decode it.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"Cannot read the picture {path}; replace it or take it out of the data. ({error})"
        ) from error


def read_all(
    samples: Sequence[Sample],
    read: Callable[[Image.Image], np.ndarray],
    shape: tuple[int, ...],
    title: str,
) -> np.ndarray:
    """Decode the pictures of all samples once, on all cores.

    Args:
        samples: whose pictures to read.
        read: from a decoded picture to a ``uint8`` array.
        shape: of that array.
        title: what the progress bar says.

    Returns:
        ``uint8 (n, *shape)``.

    Raises:
        InputError: a picture cannot be decoded.
    """
    stacked = np.empty((len(samples), *shape), np.uint8)
    with ThreadPoolExecutor() as pool:
        arrays = pool.map(lambda sample: read(read_picture(sample.path)), samples)
        for index, array in enumerate(track(arrays, title, total=len(samples))):
            stacked[index] = array
    return stacked


def load_pixels(samples: Sequence[Sample], size: int) -> np.ndarray:
    """Return the pixels of all samples as ``uint8 (n, size, size, 3)``."""
    return read_all(
        samples, lambda image: to_pixels(image, size), (size, size, 3), "Reading pictures"
    )
