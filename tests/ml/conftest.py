from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageEnhance

from ml import architectures, backend
from ml.dataset import Sample
from ml.taxonomy import BINARY_CLASSES
from tests.lesions import render
from tests.ml import tiny

backend.start()


@pytest.fixture
def tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every architecture is a network of a few hundred weights."""
    monkeypatch.setattr(architectures, "build", tiny.build)


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


@pytest.fixture
def sample() -> Callable[[str, str], Sample]:
    """Make samples of pictures that need not exist."""
    return lambda name, label="benign": Sample(Path("/pictures") / name, label)
