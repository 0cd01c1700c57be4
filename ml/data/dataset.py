"""Find near-duplicates among pictures, split them, and read them all at once."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track

from ml.data.manifest import Pair, Sample
from ml.errors import InputError
from ml.judging.parallel import map_in_threads
from ml.judging.preprocessing import centre_square, to_pixels
from ml.taxonomy import OTHER

#: Margins of pictures count as this source, and a margin's side is this share of the picture's.
MARGINS = "margins"
MARGIN_SIDE = 0.3
#: So many pictures are read between two steps of a progress bar.
READ_TOGETHER = 256


def twins_of(paths: Iterable[Path], pairs: Iterable[Pair]) -> set[Path]:
    """Return every path that forms a near-duplicate pair with one of ``paths``."""
    wanted = set(paths)
    return {b for a, b in pairs if a in wanted} | {a for a, b in pairs if b in wanted}


def groups(samples: Sequence[Sample], pairs: Iterable[Pair]) -> list[list[Sample]]:
    """Return ``samples`` grouped so that what shows the same lesion or patient stays together.

    Near-duplicates stay together, also if they are so only by way of other pictures. So do the
    pictures of one lesion, and those of one patient.
    """
    parent = {sample.path: sample.path for sample in samples}

    def root(path: Path) -> Path:
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path

    # Pairs join samples also by way of pictures outside them: A ~ X ~ B puts A beside B.
    first: dict[tuple[str, str], Path] = {}
    views = [
        (sample.path, first.setdefault((kind, name), sample.path))
        for sample in samples
        for kind, name in (("lesion", sample.lesion), ("patient", sample.patient))
        if name
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
        # Near-duplicates can carry different labels; a group counts by its first picture's.
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

    Where the sample is a margin of the picture (see `margins`), only that is returned.

    Raises:
        InputError: it cannot be read, or the manifest's ``aspect`` is no positive number.
    """
    image = read_picture(sample.path)
    if sample.source == MARGINS:
        return _margin(image)
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


def margins(samples: Sequence[Sample], number: int, seed: int) -> list[Sample]:
    """Return margins of random pictures, as pictures of skin that show no lesion.

    Args:
        samples: pictures to draw from.
        number: how many to draw; no more than there are samples are drawn.
        seed: seed of the draw.
    """
    details = {"source": MARGINS, "image_type": OTHER}
    return [
        replace(sample, label="unknown", details=details)
        for sample in random.Random(seed).sample(list(samples), min(number, len(samples)))  # noqa: S311
    ]


def _margin(image: Image.Image) -> Image.Image:
    """Return the most even corner of a picture, which shows skin: the lesion is in the middle."""
    square = np.asarray(centre_square(image).convert("RGB"))
    return Image.fromarray(most_even_corner(square, max(1, round(len(square) * MARGIN_SIDE))))


def most_even_corner(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return the corner of ``pixels``, ``side`` pixels wide, whose colours differ least."""
    ends = (slice(0, side), slice(-side, None))
    corners = [pixels[rows, columns] for rows in ends for columns in ends]
    return min(corners, key=lambda corner: float(corner.std(axis=(0, 1)).sum()))


def read_all(
    samples: Sequence[Sample],
    read: Callable[[Image.Image], np.ndarray],
    shape: tuple[int, ...],
    title: str,
) -> np.ndarray:
    """Decode the pictures of all samples once, on all cores.

    Args:
        samples: the samples whose pictures are read.
        read: function from a decoded picture to a ``uint8`` array.
        shape: shape of that array.
        title: what the progress bar says.

    Returns:
        ``uint8 (n, *shape)``.

    Raises:
        InputError: a picture cannot be decoded.
    """
    stacked = np.empty((len(samples), *shape), np.uint8)
    for start in track(range(0, len(samples), READ_TOGETHER), title):
        together = samples[start : start + READ_TOGETHER]
        arrays = map_in_threads(lambda sample: read(read_sample(sample)), together)
        stacked[start : start + READ_TOGETHER] = arrays
    return stacked


def load_pixels(samples: Sequence[Sample], size: int) -> np.ndarray:
    """Return the pixels of all samples as ``uint8 (n, size, size, 3)``."""
    return read_all(
        samples, lambda image: to_pixels(image, size), (size, size, 3), "Reading pictures"
    )
