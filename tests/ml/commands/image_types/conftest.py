"""A bundle that tells image types, and the pictures that it was calibrated on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml import architectures
from ml.data.manifest import Sample, read_samples, write_manifest
from ml.measuring import evaluation, reliability
from ml.measuring.oddities import oddities
from ml.packaging.bundle import Bundle
from ml.taxonomy import CLINICAL, DERMOSCOPIC, DIAGNOSIS_CODES, IMAGE_TYPES
from tests.ml import tiny
from tests.ml.commands.conftest import command
from tests.ml.conftest import export, write_diagnoses

SIZE = (320, 240)


@pytest.fixture(scope="package", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        patch.setattr(reliability, "RESAMPLES", 20)
        patch.setattr(reliability, "ENOUGH", 10)
        patch.setattr(evaluation, "RESAMPLES", 20)
        yield


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("image-types")


@pytest.fixture(scope="package")
def data(folder) -> Path:
    """Return dermoscopic and clinical pictures of one collection, and pictures of other things."""
    samples = []
    for number, image_type in enumerate((DERMOSCOPIC, CLINICAL)):
        directory = folder / image_type
        options = {"seed": 50 + number, "size": SIZE, "image_type": image_type}
        samples += read_samples(write_diagnoses(directory, 4, DIAGNOSIS_CODES, **options))
    others = folder / "others"
    others.mkdir()
    details = {"source": "things", "image_type": "other"}
    for name, images in oddities(3, seed=7).items():
        for index, image in enumerate(images):
            path = others / f"{name}-{index}.png"
            image.save(path)
            samples.append(Sample(path, "unknown", details=details))
    write_manifest(folder / "data.csv", samples)
    return folder / "data.csv"


@pytest.fixture(scope="package")
def bundle(folder, data) -> Bundle:
    directory = folder / "bundle"
    directory.mkdir()
    export(directory, "efficientnet_lite0", DIAGNOSIS_CODES, IMAGE_TYPES)
    command("expect", "--bundle", directory)
    options = ["--data", data, "--malignant-share", 0.2, "--bias", "classes"]
    command("calibrate", "--bundle", directory, *options)
    return Bundle.read(directory)
