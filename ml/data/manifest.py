"""Read labelled pictures from class folders or a manifest, and lists of pairs and of paths.

A manifest is a CSV file whose column ``path`` is relative to it and whose column ``diagnosis`` is
one of `ml.taxonomy.LABELS`. It may also say ``lesion_id`` and ``patient_id`` (pictures of one
lesion or patient stay together), ``source`` (the collection a picture comes from), ``image_type``
(one of `ml.taxonomy.IMAGE_TYPES`), ``aspect`` (the width over the height that a squashed picture
had) and the patient's ``sex``, ``age``, ``site`` and ``skin_tone_class``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ml.errors import InputError
from ml.taxonomy import BINARY_CLASSES, DERMOSCOPIC, IMAGE_TYPES, LABELS, is_malignant

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
COLUMNS = (
    "path",
    "diagnosis",
    "lesion_id",
    "patient_id",
    "source",
    "image_type",
    "aspect",
    "sex",
    "age",
    "site",
    "skin_tone_class",
)

Pair = tuple[Path, Path]


@dataclass(frozen=True)
class Sample:
    """Holds one labelled picture.

    Attributes:
        path: absolute path of the picture.
        label: its class, one of `ml.taxonomy.LABELS`.
        name: the path relative to the folder or manifest it was read from.
        lesion: the lesion that the picture is one view of; empty where that is not known.
        details: the manifest's other columns, without those that have no value.
    """

    path: Path
    label: str
    name: str = ""
    lesion: str = ""
    details: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def target(self) -> int:
        """Return 0 for benign and 1 for malignant.

        Raises:
            ValueError: the label leaves that open.
        """
        return BINARY_CLASSES.index(binary(self.label))

    @property
    def source(self) -> str:
        """Return the collection the picture comes from; it is empty where that is not known."""
        return self.details.get("source", "")

    @property
    def patient(self) -> str:
        """Return the patient whose lesion it is; it is empty where that is not known."""
        return self.details.get("patient_id", "")

    @property
    def image_type(self) -> str:
        """Return one of `ml.taxonomy.IMAGE_TYPES`; it is empty where that is not known."""
        return self.details.get("image_type", "")

    @property
    def domain(self) -> str:
        """Return the source, with the kind of picture where that is not dermoscopic.

        Pictures of one domain were taken alike, so that they are balanced and scored together.
        """
        if self.image_type in ("", DERMOSCOPIC):
            return self.source
        return f"{self.source}/{self.image_type}"


def read_samples(source: Path, collections: Sequence[str] = ()) -> list[Sample]:
    """Return the samples of a class-folder directory or of a manifest, in a fixed order.

    Args:
        source: a directory with one sub-directory per class, or a manifest.
        collections: sources whose samples are returned; where none is named, all samples are.

    Raises:
        InputError: nothing to read there, or a class or image type that is not known.
    """
    samples = _read_folders(source) if source.is_dir() else _read_manifest(source)
    unknown = {sample.label for sample in samples} - set(LABELS)
    if unknown or not samples:
        raise InputError(
            f"Expected pictures of the classes {tuple(LABELS)} in {source}. "
            f"Received: {sorted(unknown) or 'no picture'}"
        )
    types = {sample.image_type for sample in samples} - {"", *IMAGE_TYPES}
    if types:
        raise InputError(f"Expected the image types {IMAGE_TYPES} in {source}. Received: {types}")
    chosen = [sample for sample in samples if not collections or sample.source in collections]
    if not chosen:
        raise InputError(f"{source} has no picture of the sources {', '.join(collections)}.")
    return chosen


def _read_folders(directory: Path) -> list[Sample]:
    return [
        Sample(path.resolve(), folder.name, path.relative_to(directory).as_posix())
        for folder in sorted(directory.iterdir())
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]


def _read_manifest(path: Path) -> list[Sample]:
    known = ("path", "diagnosis", "lesion_id")
    return [
        Sample(
            (path.parent / row["path"]).resolve(),
            row["diagnosis"],
            row["path"],
            row.get("lesion_id", ""),
            {name: value for name, value in row.items() if value and name not in known},
        )
        for row in read_rows(path, "path", "diagnosis")
    ]


def write_manifest(path: Path, samples: Sequence[Sample]) -> None:
    """Write a manifest that `read_samples` reads, with paths relative to where it lies."""
    root = path.resolve().parent
    root.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for sample in samples:
            row = {name: sample.details.get(name, "") for name in COLUMNS}
            name = Path(os.path.relpath(sample.path, root)).as_posix()
            writer.writerow(
                row | {"path": name, "diagnosis": sample.label, "lesion_id": sample.lesion}
            )


def read_pairs(source: Path) -> list[Pair]:
    """Return the near-duplicate pairs of a CSV ``path_a,path_b,...`` (paths relative to it)."""
    root = source.parent
    return [
        ((root / row["path_a"]).resolve(), (root / row["path_b"]).resolve())
        for row in read_rows(source, "path_a", "path_b")
    ]


def read_paths(source: Path) -> set[Path]:
    """Return the paths of a CSV with a column ``path`` (relative to it)."""
    return {(source.parent / row["path"]).resolve() for row in read_rows(source, "path")}


def read_rows(source: Path, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file that must have ``columns``.

    Raises:
        InputError: there is no such file, it is no CSV in UTF-8, or a column or value is missing.
    """
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


def binary(label: str) -> str:
    """Return which of the binary classes ``label`` belongs to.

    Raises:
        ValueError: it leaves that open, as ``not_melanoma`` does.
    """
    malignant = is_malignant(label)
    if malignant is None:
        raise ValueError(f"{label} may be benign or malignant")
    return BINARY_CLASSES[malignant]
