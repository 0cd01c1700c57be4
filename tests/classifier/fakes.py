"""Stand-ins for what is slow or far away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image

from ml.predictor import Diagnosis


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
