"""Read the sample pictures of the site, and what the network of a new site answers about them.

The pictures are static files, and the answers ship with the network's bundle, see ``python -m ml
samples``. So samples are in no database, and belong to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from classifier.models import ModelVersion, Prediction, Status, Submission
from classifier.models.observed import OBSERVED_FIELDS
from classifier.models.result import RESULT_FIELDS
from classifier.services.registry.describe import describe_model

#: The pictures lie in this folder, with a file that tells where they are from.
FOLDER = Path("samples")
PICTURES = settings.BASE_DIR / "static" / FOLDER


@dataclass(frozen=True)
class Sample:
    """Holds a picture that everybody may see, with what the network says of it.

    Attributes:
        slug: its name in addresses.
        file: the picture.
        isic_id: its name in the ISIC Archive.
        diagnosis: what the archive says that it is.
        credit: whose it is.
        source: address of the collection that it is from.
        submission: as if somebody had sent the picture in; it is in no database.
        heat_map: None where no place speaks for malignant.
    """

    slug: str
    file: Path
    isic_id: str
    diagnosis: str
    credit: str
    source: str
    submission: Submission
    heat_map: Path | None

    @property
    def static_path(self) -> str:
        """Return the path of the picture among the static files."""
        return (FOLDER / self.file.name).as_posix()

    @property
    def prediction(self) -> Prediction:
        assert self.submission.prediction is not None
        return self.submission.prediction


def list_samples() -> list[Sample]:
    """Return the samples in their order; none where the bundle has no answers about them."""
    bundle = settings.BUNDLES_DIR / settings.DEFAULT_MODEL
    told, description, answered = _read(PICTURES / "pictures.json", bundle)
    if not answered:
        return []
    model_version = ModelVersion(**describe_model(description))
    return [
        _sample(picture, told, answered, model_version, bundle)
        for picture in told["pictures"]
        if picture["slug"] in answered["answers"]
    ]


def find_sample(slug: str) -> Sample | None:
    """Return the sample of this name, if there is one."""
    return next((sample for sample in list_samples() if sample.slug == slug), None)


@lru_cache(maxsize=1)
def _read(pictures: Path, bundle: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what is told of the pictures, of the network, and what it answered.

    A bundle is replaced only along with the code, so the files are read once. Every page for
    strangers leads here, so a damaged file must not cost them more than the samples.
    """
    told = json.loads(pictures.read_text(encoding="utf-8"))
    try:
        answered = json.loads((bundle / "samples.json").read_text(encoding="utf-8"))
        description = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
        # Answers of other weights would be shown as those of this version.
        fits = answered["weights_sha256"] == description["sha256"]
    except (OSError, ValueError, KeyError):
        return told, {}, {}
    return told, description, answered if fits else {}


def _sample(
    picture: Mapping[str, Any],
    told: Mapping[str, Any],
    answered: Mapping[str, Any],
    model_version: ModelVersion,
    bundle: Path,
) -> Sample:
    answer = answered["answers"][picture["slug"]]
    submission = Submission(
        # No person has this key, so the page offers nobody to delete the picture.
        owner_id=0,
        original_name=picture["isic_id"],
        width=answer["width"],
        height=answer["height"],
        status=Status.DONE,
        **{name: answer[name] for name in OBSERVED_FIELDS},
    )
    submission.prediction = Prediction(
        submission=submission,
        model_version=model_version,
        created_at=datetime.fromisoformat(answered["created"]),
        **{name: answer[name] for name in RESULT_FIELDS},
    )
    return Sample(
        slug=picture["slug"],
        file=PICTURES / picture["file"],
        isic_id=picture["isic_id"],
        diagnosis=picture["diagnosis"],
        credit=told["credit"],
        source=told["source"],
        submission=submission,
        heat_map=bundle / answer["heat_map"] if answer["heat_map"] else None,
    )
