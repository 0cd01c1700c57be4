from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from ml import architectures
from ml.data.manifest import Sample, write_manifest
from ml.data.selection import Selection, select
from ml.judging import backend
from ml.judging.analysis import analyse
from ml.judging.judgement import Judgement
from ml.judging.predictor import Predictor
from ml.packaging import weights
from ml.packaging.bundle import Bundle
from ml.taxonomy import ANSWERS, BINARY_CLASSES, DIAGNOSIS_CODES, IMAGE_TYPES, SEVEN_CODES
from tests.lesions import render
from tests.ml import tiny

backend.start()


@pytest.fixture
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every architecture a network of a few hundred weights."""
    monkeypatch.setattr(architectures, "build", tiny.build)


def judge_all(predictor: Predictor, images: Sequence[Image.Image]) -> list[Judgement]:
    """Return the judgement that a worker makes of each picture, however unfit it is."""
    found = [one.judgement for one in analyse(predictor, images, screened=False)]
    return [judgement for judgement in found if judgement]


def write_pictures(directory: Path, each: int, seed: int = 0) -> Path:
    """Write class folders of ``each`` generated lesions a class, the malignant ones darker."""
    for number, label in enumerate(BINARY_CLASSES):
        folder = directory / label
        folder.mkdir(parents=True)
        for index in range(each):
            picture = render(seed + 1000 * number + index, (32, 24))
            picture = ImageEnhance.Brightness(picture).enhance(1 - 0.3 * number)
            picture.save(folder / f"{label}-{index}.png")
    return directory


@pytest.fixture(scope="session")
def training_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "set" / "train", 12)


@pytest.fixture(scope="session")
def test_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "set" / "test", 6, seed=500)


def write_diagnoses(
    directory: Path,
    each: int,
    labels: Iterable[str],
    seed: int = 0,
    size: tuple[int, int] = (32, 24),
    image_type: str = "dermoscopic",
) -> Path:
    """Write a manifest of ``each`` pictures a label, tinted by it, with two views a lesion.

    The lesions are generated.
    """
    directory.mkdir(parents=True)
    samples = []
    for number, label in enumerate(labels):
        tint = Image.new("RGB", size, f"hsl({number * 50}, 90%, 50%)")
        for index in range(each):
            path = directory / f"{label}-{index}.png"
            picture = render(seed + 1000 * number + index, size)
            Image.blend(picture, tint, 0.5).save(path)
            details = {"source": "collection", "sex": ("female", "male")[index % 2]}
            details |= {"image_type": image_type, "skin_tone_class": str(1 + index % 3)}
            samples.append(
                Sample(path, label, lesion=f"{seed}-{number}-{index // 2}", details=details)
            )
    write_manifest(directory / "manifest.csv", samples)
    return directory / "manifest.csv"


@pytest.fixture(scope="session")
def diagnoses_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return pictures of the eight diagnoses, and some of which only malignant is known."""
    directory = tmp_path_factory.mktemp("data") / "set" / "diagnoses"
    return write_diagnoses(directory, 12, [*DIAGNOSIS_CODES, "malignant"])


def choose(source: Path, seed: int = 1, validation_share: float = 0.25) -> Selection:
    """Select from one source without dropping anything."""
    return select(
        [source],
        near_duplicates=None,
        exclude=None,
        held_out=[],
        validation_share=validation_share,
        seed=seed,
    )


def export(
    directory: Path,
    architecture: str,
    classes: tuple[str, ...],
    image_types: tuple[str, ...] = (),
) -> Bundle:
    """Write a bundle of an untrained tiny network."""
    import keras

    keras.utils.set_random_seed(5)
    logits = 1 if classes == BINARY_CLASSES else len(classes)
    network = tiny.build(architecture, logits=logits, image_types=len(image_types))
    path = directory / "weights.npz"
    weights.save(path, {variable.path: variable.numpy() for variable in network.weights})
    bundle = Bundle(
        directory=directory,
        name="tiny",
        version="1.0.0",
        licence="CC0",
        architecture=architecture,
        input_size=tiny.SIZE,
        classes=classes,
        malignant=ANSWERS[classes],
        calibration={"temperature": 1.0, "bias": [0.0] * logits},
        threshold=0.5,
        operating_point={},
        novelty={},
        weights="weights.npz",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        limits_sha256="",
        training={},
        data={},
        metrics={},
        created="2026-01-01T00:00:00+00:00",
        image_types=image_types,
    )
    bundle.write()
    return bundle


@pytest.fixture
def tiny_bundle(tiny_network: None, tmp_path: Path) -> Bundle:
    """Return a bundle that answers benign and malignant."""
    return export(tmp_path, "seven_stage", BINARY_CLASSES)


@pytest.fixture
def seven_bundle(tiny_network: None, tmp_path: Path) -> Bundle:
    """Return a bundle that answers with the seven diagnoses, as those of earlier versions do."""
    return export(tmp_path, "efficientnet_lite0", SEVEN_CODES)


@pytest.fixture
def eight_bundle(tiny_network: None, tmp_path: Path) -> Bundle:
    """Return a bundle that answers with the eight diagnoses."""
    return export(tmp_path, "efficientnet_lite0", DIAGNOSIS_CODES)


@pytest.fixture
def telling_bundle(tiny_network: None, tmp_path: Path) -> Bundle:
    """Return a bundle that answers with the eight diagnoses and tells the image types apart."""
    return export(tmp_path, "efficientnet_lite0", DIAGNOSIS_CODES, IMAGE_TYPES)


@pytest.fixture
def sample() -> Callable[[str, str], Sample]:
    """Return a function that makes samples of pictures that need not exist."""
    return lambda name, label="benign": Sample(Path("/pictures") / name, label)
