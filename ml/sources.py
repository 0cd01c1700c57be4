"""The public collections, read into samples: what each of their tables calls what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ml.errors import InputError
from ml.manifest import IMAGE_SUFFIXES, Sample, read_rows, read_samples
from ml.taxonomy import DIAGNOSIS_CODES

#: Columns of a table's picture name, of its lesion and of the site, the first that is there.
IMAGE_COLUMNS = ("image", "image_id", "isic_id")
SITE_COLUMNS = ("localization", "anatom_site_general", "site")

#: What tables write out, as a label of `ml.taxonomy.LABELS`. The two keratoses named here are
#: some of what ``bkl`` stands for.
WRITTEN_OUT = {
    "melanoma": "mel",
    "nevus": "nv",
    "seborrheic_keratosis": "bkl",
    "seborrheic keratosis": "bkl",
    "basal cell carcinoma": "bcc",
    "dermatofibroma": "df",
    "vascular lesion": "vasc",
}


def class_folders(directory: Path, source: str) -> list[Sample]:
    """Return the pictures of a directory with one folder per class.

    Raises:
        InputError: there is none, or a folder is not called like a label.
    """
    return [
        Sample(sample.path, sample.label, sample.name, details={"source": source})
        for sample in read_samples(directory)
    ]


def table(path: Path, images: Path, source: str, aspect: str | None = None) -> list[Sample]:
    """Return the pictures of HAM10000's metadata or of an ISIC challenge's ground truth.

    The diagnosis is read from ``dx`` (HAM10000), from ``diagnosis``, or from columns of 0 and 1:
    one per diagnosis (``MEL,NV,BCC,AKIEC,BKL,DF,VASC``; ISIC 2018), or ``melanoma`` and
    ``seborrheic_keratosis`` (ISIC 2017), where neither means a naevus.

    Args:
        path: the table.
        images: directory of the pictures, named as in the table.
        source: name of the collection.
        aspect: width over height that the pictures had before they were squashed, if they were.

    Raises:
        InputError: the table or a picture is missing, or a diagnosis is not known.
    """
    samples = []
    suffixes = {file.stem: file.suffix for file in images.iterdir()} if images.is_dir() else {}
    for row in read_rows(path):
        name = next((row[column] for column in IMAGE_COLUMNS if column in row), None)
        if name is None:
            raise InputError(f"{path} needs one of the columns {IMAGE_COLUMNS}.")
        if suffixes.get(name, "").lower() not in IMAGE_SUFFIXES:
            raise InputError(f"There is no picture called {name} in {images}; see --images.")
        details = {
            "source": source,
            "aspect": aspect,
            "sex": row.get("sex"),
            "age": row.get("age") or row.get("age_approx"),
            "site": next((row[column] for column in SITE_COLUMNS if column in row), None),
        }
        samples.append(
            Sample(
                (images / f"{name}{suffixes[name]}").resolve(),
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
    written = row.get("dx") or row.get("diagnosis")
    if written:
        label = WRITTEN_OUT.get(written.lower(), written.lower())
        if label in DIAGNOSIS_CODES or label in ("benign", "malignant"):
            return label
        raise InputError(f"{path} has a diagnosis that is not known. Received: {written!r}")
    columns = {name.lower(): value for name, value in row.items()}
    if {"melanoma", "seborrheic_keratosis"} <= columns.keys():
        marked = _marked(columns, ("melanoma", "seborrheic_keratosis"))
        return WRITTEN_OUT[marked[0]] if marked else "nv"
    marked = _marked(columns, DIAGNOSIS_CODES)
    if len(marked) != 1:
        raise InputError(
            f"{path} must mark one of {DIAGNOSIS_CODES} in every row. Received: {marked}"
        )
    return marked[0]


def _marked(columns: dict[str, str], names: Sequence[str]) -> list[str]:
    return [name for name in names if columns.get(name) in ("1", "1.0")]
