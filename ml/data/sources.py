"""Read the public collections into samples, each by the names that its table uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ml.data.manifest import IMAGE_SUFFIXES, Sample, read_rows, read_samples
from ml.errors import InputError
from ml.taxonomy import (
    BENIGN,
    DERMOSCOPIC,
    DIAGNOSIS_CODES,
    MALIGNANT,
    OTHER,
    SEVEN_CODES,
)

#: A table's picture names, and its sites, are read from the first of these columns that it has.
IMAGE_COLUMNS = ("image", "image_id", "isic_id")
SITE_COLUMNS = ("localization", "anatom_site_general", "site")

#: Each name that tables write means a label of `ml.taxonomy.LABELS`. The keratoses and lentigines
#: named here are some of those that ``bkl`` stands for. Of inflammations and other conditions it is
#: only known whether they are benign or malignant.
WRITTEN_OUT = {
    "melanoma": "mel",
    "nevus": "nv",
    "atypical melanocytic proliferation": "unknown",
    "seborrheic_keratosis": "bkl",
    "seborrheic keratosis": "bkl",
    "solar lentigo": "bkl",
    "lentigo nos": "bkl",
    "lichenoid keratosis": "bkl",
    "cafe-au-lait macule": BENIGN,
    "basal cell carcinoma": "bcc",
    "actinic keratosis": "akiec",
    "ak": "akiec",
    "squamous cell carcinoma": "scc",
    "sccka": "scc",
    "dermatofibroma": "df",
    "vascular lesion": "vasc",
    "inf": BENIGN,
    "ben_oth": BENIGN,
    "mal_oth": MALIGNANT,
}

#: The pictures that ISIC 2017's table calls squashed had this width over height.
SQUASHED_ASPECT = "1.333"


def class_folders(directory: Path, source: str, image_type: str = DERMOSCOPIC) -> list[Sample]:
    """Return the pictures of a directory with one folder per class.

    Raises:
        InputError: there is none, or a folder is not called like a label.
    """
    details = {"source": source, "image_type": image_type}
    return [
        Sample(sample.path, sample.label, sample.name, details=details)
        for sample in read_samples(directory)
    ]


def other_pictures(directory: Path, source: str) -> list[Sample]:
    """Return all pictures in and below a directory as pictures that show no lesion.

    Raises:
        InputError: there is none.
    """
    details = {"source": source, "image_type": OTHER}
    found = [
        Sample(path.resolve(), "unknown", path.relative_to(directory).as_posix(), details=details)
        for path in sorted(directory.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if not found:
        raise InputError(f"There is no picture in {directory}.")
    return found


def table(
    path: Path,
    images: Path,
    source: str,
    *,
    aspect: str | None = None,
    image_type: str = DERMOSCOPIC,
) -> list[Sample]:
    """Return the pictures that a collection's table lists.

    The diagnosis is read from ``dx`` (HAM10000, MILK10k, BCN20000, PAD-UFES-20), from ``diagnosis``
    with ``benign_malignant`` where that is unknown (ISIC 2020), or from columns of 0 and 1: one
    per diagnosis (``MEL,NV,BCC,AKIEC,BKL,DF,VASC``; ISIC 2018), or ``melanoma`` and
    ``seborrheic_keratosis`` (ISIC 2017), where neither means a naevus. A picture without any is
    ``unknown``.

    Args:
        path: the table.
        images: directory of the pictures, which are named as in the table. A ``file`` column may
            name them relative to the table instead.
        source: name of the collection.
        aspect: width over height that the pictures had before they were squashed, if they were.
            Otherwise a column ``geometry`` says which pictures were squashed.
        image_type: kind of all pictures; a column ``image_type`` says it for each.

    Raises:
        InputError: the table or a picture is missing, or a diagnosis is not known.
    """
    samples = []
    files = {file.stem: file for file in images.iterdir()} if images.is_dir() else {}
    for row in read_rows(path):
        name = next((row[column] for column in IMAGE_COLUMNS if column in row), None)
        if name is None:
            raise InputError(f"{path} needs one of the columns {IMAGE_COLUMNS}.")
        file = files.get(name)
        if file is None and row.get("file"):
            file = path.parent / row["file"]
        if file is None or file.suffix.lower() not in IMAGE_SUFFIXES or not file.is_file():
            raise InputError(f"There is no picture called {name} in {images}; see --images.")
        squashed = SQUASHED_ASPECT if row.get("geometry") == "squashed" else None
        details = {
            "source": source,
            "patient_id": row.get("patient_id"),
            "image_type": row.get("image_type") or image_type,
            "aspect": aspect or squashed,
            "sex": row.get("sex"),
            "age": row.get("age") or row.get("age_approx"),
            "site": next((row[column] for column in SITE_COLUMNS if column in row), None),
            "skin_tone_class": row.get("skin_tone_class"),
        }
        samples.append(
            Sample(
                file.resolve(),
                _label(row, path),
                name,
                row.get("lesion_id", ""),
                {key: value for key, value in details.items() if value and value != "unknown"},
            )
        )
    if not samples:
        raise InputError(f"{path} has no rows.")
    return samples


def _label(row: dict[str, str], path: Path) -> str:
    written = row["dx"] if "dx" in row else row.get("diagnosis")
    if written is not None:
        if written in ("", "unknown"):
            # ISIC 2020 tells of most pictures only that they are benign.
            written = row.get("benign_malignant") or "unknown"
        label = WRITTEN_OUT.get(written.lower(), written.lower())
        if label in (*DIAGNOSIS_CODES, BENIGN, MALIGNANT, "unknown"):
            return label
        raise InputError(f"{path} has a diagnosis that is not known. Received: {written!r}")
    columns = {name.lower(): value for name, value in row.items()}
    if {"melanoma", "seborrheic_keratosis"} <= columns.keys():
        marked = _marked(columns, ("melanoma", "seborrheic_keratosis"))
        return WRITTEN_OUT[marked[0]] if marked else "nv"
    marked = _marked(columns, DIAGNOSIS_CODES)
    if len(marked) != 1:
        raise InputError(f"{path} must mark one of {SEVEN_CODES} in every row. Received: {marked}")
    return marked[0]


def _marked(columns: dict[str, str], names: Sequence[str]) -> list[str]:
    return [name for name in names if columns.get(name) in ("1", "1.0")]
