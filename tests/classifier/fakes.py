"""Stand-ins for what is slow or far away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from celery import Celery
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from classifier.models import ModelVersion
from classifier.models.model_version import figure_path
from ml.predictor import Diagnosis
from skinsite import folder_broker  # noqa: F401  (registers folder:// as a broker address)
from tests.factories import picture


class FakePredictor:
    """Answers like `ml.predictor.Predictor`, at once.

    Attributes:
        seen: the pictures it was given.
        meanwhile: called in the middle of every prediction, to fail or to change the world.
    """

    def __init__(self, malignant_probability: float = 0.75) -> None:
        self.malignant_probability = malignant_probability
        self.seen: list[Image.Image] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def predict(self, images: Sequence[Image.Image]) -> list[Diagnosis]:
        self.seen += images
        self.meanwhile()
        return [self._diagnosis() for _ in images]

    def _diagnosis(self) -> Diagnosis:
        malignant = self.malignant_probability
        return Diagnosis(
            verdict="malignant" if malignant >= 0.5 else "benign",
            malignant_probability=malignant,
            confidence=max(malignant, 1 - malignant),
            probabilities={"benign": 1 - malignant, "malignant": malignant},
            inference_ms=12.5,
        )


@contextmanager
def folder_app(folder: Path) -> Iterator[Celery]:
    """A Celery app of its own whose messages lie in ``folder``."""
    with Celery(broker="folder://", set_as_current=False) as app:
        app.conf.broker_transport_options = {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder.with_name("control")),
        }
        yield app


def keep_figure(version: ModelVersion, file: str) -> bytes:
    """Put a figure of a model's card where registering it would, and return it."""
    content = picture("png")
    default_storage.save(
        figure_path(version.name, version.version, f"{file}.png"), ContentFile(content)
    )
    return content
