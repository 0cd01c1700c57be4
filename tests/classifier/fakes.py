"""These stand in for parts that are slow or far away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from classifier.models import ModelVersion
from classifier.models.model_version import figure_path
from ml.judging.abcd import Abcd
from ml.judging.analysis import Analysis, Rejection
from ml.judging.frames import Box
from ml.judging.predictor import Judgement
from ml.judging.quality import Problem
from skinsite import folder_broker  # noqa: F401  (registers folder:// as a broker address)
from tests.factories import picture

REJECTION = Rejection(Problem.BLURRED, "edges 0.001")
ABCD = Abcd(asymmetry=(0.04, 0.125), border=1.2, colours=("red", "light brown"), diameter=84.0)


class FakeAnalyst:
    """This answers like `classifier.predictors.Analyst`, but at once.

    Attributes:
        malignant_probability: the probability that it gives every picture.
        rejection: the rejection of every picture that is screened.
        possible: the set of classes; while it is empty, the analyst promises nothing.
        heat_map: the heat map of every picture.
        image_type: the image type of every picture.
        judged_as: dermoscopic or clinical, for every picture.
        frame: the box within the border of every picture.
        seen: the pictures it was given.
        meanwhile: called in the middle of every analysis, to fail or to change the world.
    """

    def __init__(self, malignant_probability: float = 0.75) -> None:
        self.malignant_probability = malignant_probability
        self.rejection: Rejection | None = None
        self.possible: tuple[str, ...] = ()
        self.spread: tuple[float, float] | None = None
        self.heat_map: Image.Image | None = Image.new("RGBA", (256, 192), (253, 231, 37, 220))
        self.abcd: Abcd | None = ABCD
        self.outline: tuple[tuple[int, int], ...] | None = ((40, 30), (120, 30), (80, 90))
        self.image_type: str | None = None
        self.judged_as = "dermoscopic"
        self.frame: Box | None = None
        self.seen: list[Image.Image] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self, images: Sequence[Image.Image], *, screened: bool = True) -> list[Analysis]:
        self.seen += images
        self.meanwhile()
        rejection = self.rejection if screened else None
        return [self._analysis(rejection) for _ in images]

    def _analysis(self, rejection: Rejection | None) -> Analysis:
        observed: dict[str, Any] = {
            "image_type": self.image_type,
            "judged_as": self.judged_as,
            "frame": self.frame,
        }
        if rejection:
            return Analysis(rejection, **observed)
        return Analysis(
            **observed,
            judgement=self._judgement(),
            heat_map=self.heat_map,
            heat_inside=0.625 if self.heat_map else None,
            abcd=self.abcd,
            outline=self.outline,
            coverage=0.9 if self.possible else None,
        )

    def _judgement(self) -> Judgement:
        malignant = self.malignant_probability
        called = "malignant" if malignant >= 0.5 else "benign"
        return Judgement(
            verdict="uncertain" if len(self.possible) > 1 else called,
            malignant_probability=malignant,
            confidence=max(malignant, 1 - malignant),
            probabilities={"benign": 1 - malignant, "malignant": malignant},
            inference_ms=12.5,
            possible=self.possible,
            spread=self.spread,
        )


@contextmanager
def folder_app(folder: Path) -> Iterator[Celery]:
    """Make a Celery app of its own, whose messages lie in ``folder``."""
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
