"""Pictures for training and measuring: near-duplicates, splits, and reading them all at once."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from ml.errors import InputError
from ml.manifest import Pair, Sample
from ml.preprocessing import to_pixels


def twins_of(paths: Iterable[Path], pairs: Iterable[Pair]) -> set[Path]:
    """Return every path that forms a near-duplicate pair with one of ``paths``."""
    wanted = set(paths)
    return {b for a, b in pairs if a in wanted} | {a for a, b in pairs if b in wanted}


def groups(samples: Sequence[Sample], pairs: Iterable[Pair]) -> list[list[Sample]]:
    """Return ``samples`` grouped so that what shows the same lesion stays together.

    The same are near-duplicates, also by way of others, and pictures of one ``lesion``.
    """
    parent = {sample.path: sample.path for sample in samples}

    def root(path: Path) -> Path:
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path

    # A pair counts through pictures outside the samples too (A ~ X ~ B puts A beside B).
    lesions: dict[str, Path] = {}
    views = [
        (sample.path, lesions.setdefault(sample.lesion, sample.path))
        for sample in samples
        if sample.lesion
    ]
    for a, b in [*pairs, *views]:
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
    share: float,
    seed: int,
) -> tuple[list[Sample], list[Sample]]:
    """Split off samples that share no lesion and no near-duplicate with the rest.

    Each class of each source gives ``share`` of its pictures, whole groups at a time.

    Returns:
        ``(rest, split off)``.
    """
    shuffled = groups(samples, pairs)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    wanted = {
        stratum: share * count
        for stratum, count in Counter((sample.source, sample.label) for sample in samples).items()
    }
    rest: list[Sample] = []
    chosen: list[Sample] = []
    for group in shuffled:
        # Nearly the same picture can carry two labels; the group counts for its first.
        stratum = group[0].source, group[0].label
        if wanted[stratum] >= len(group):
            chosen += group
            wanted[stratum] -= len(group)
        else:
            rest += group
    return rest, chosen


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


def read_sample(sample: Sample) -> Image.Image:
    """Return the picture of ``sample``, in the proportions it was taken in.

    Raises:
        InputError: it cannot be read, or the manifest's ``aspect`` is no positive number.
    """
    image = read_picture(sample.path)
    aspect = sample.details.get("aspect")
    if aspect is None:
        return image
    try:
        width = round(image.height * float(aspect))
        if not 0 < width <= 10 * image.height:
            raise ValueError(aspect)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"The aspect of {sample.path} must be its width over its height. Received: {aspect!r}"
        ) from error
    return image.resize((width, image.height), Image.Resampling.BICUBIC)


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
        arrays = pool.map(lambda sample: read(read_sample(sample)), samples)
        for index, array in enumerate(track(arrays, title, total=len(samples))):
            stacked[index] = array
    return stacked


def load_pixels(samples: Sequence[Sample], size: int) -> np.ndarray:
    """Return the pixels of all samples as ``uint8 (n, size, size, 3)``."""
    return read_all(
        samples, lambda image: to_pixels(image, size), (size, size, 3), "Reading pictures"
    )
