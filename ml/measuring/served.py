"""Find what a worker would answer people about labelled pictures, with all its screening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from rich.progress import track

from ml.data.dataset import read_sample
from ml.data.manifest import Sample
from ml.judging.analysis import Analysis, AnalysisSettings, analyse
from ml.judging.parallel import map_in_threads
from ml.judging.predictor import BATCH_SIZE, Predictor
from ml.measuring.answers import Answers
from ml.taxonomy import CLINICAL, DERMOSCOPIC

Array = np.ndarray
#: The sets of the served model promise this unless the site says otherwise.
COVERAGE = 0.9


@dataclass(frozen=True)
class Verdicts:
    """Holds the verdict and the set of every picture.

    Attributes:
        called: ``benign``, ``malignant`` or ``uncertain``, ``(n,)``.
        sets: sets of classes at the coverage `COVERAGE`, ``bool (n, classes)``; empty where nothing
            is promised.
    """

    called: Array
    sets: Array


@dataclass(frozen=True)
class Served:
    """Holds what a worker says about every picture.

    Attributes:
        answers: answers about all pictures, with the threshold that each is judged by. That about a
            rejected picture is the one that a clinician gets who overrules the rejection.
        problems: why a picture is rejected, ``str (n,)``; empty where it is judged.
        image_types: what each is called, ``str (n,)``; empty where that is left open.
        judged_as: ``dermoscopic`` or ``clinical``, ``str (n,)``.
        verdicts: verdicts with their sets, which are empty where nothing is promised.
    """

    answers: Answers
    problems: Array
    image_types: Array
    judged_as: Array
    verdicts: Verdicts

    @property
    def judged(self) -> Array:
        """Return which pictures are not rejected, ``bool (n,)``."""
        return self.problems == ""

    def among(self, chosen: Array) -> Served:
        """Return what is said of some of the pictures."""
        return Served(
            self.answers.among(chosen),
            self.problems[chosen],
            self.image_types[chosen],
            self.judged_as[chosen],
            Verdicts(self.verdicts.called[chosen], self.verdicts.sets[chosen]),
        )

    def at_operating_point(self, predictor: Predictor) -> Answers:
        """Return the answers with the second threshold of each picture's kind."""
        bundle = predictor.bundle
        points = {
            DERMOSCOPIC: bundle.operating_point,
            CLINICAL: bundle.clinical.get("operating_point") or bundle.operating_point,
        }
        thresholds = [points[name]["threshold"] for name in self.judged_as]
        return replace(self.answers, threshold=np.array(thresholds))


def serve(
    predictor: Predictor,
    samples: Sequence[Sample],
    title: str,
    *,
    change: Callable[[Image.Image], Image.Image] | None = None,
    symmetries: bool = False,
    screened: bool = True,
) -> Served:
    """Return what a worker says about every sample.

    Args:
        predictor: network that is measured.
        samples: pictures that it is measured on.
        title: what the progress bar says.
        change: one of `perturbations.PERTURBATIONS`, or None for the pictures as they are.
        symmetries: see `ml.judging.analysis.AnalysisSettings`.
        screened: whether pictures are screened; False where rejections do not matter.

    Raises:
        InputError: a picture cannot be decoded.
    """
    settings = AnalysisSettings(coverage=COVERAGE, symmetries=symmetries)

    def read(sample: Sample) -> Image.Image:
        image = read_sample(sample)
        return change(image) if change else image

    def answer(batch: Sequence[Sample]) -> list[tuple[Analysis, str]]:
        images = map_in_threads(read, batch, predictor.threads)
        found = analyse(predictor, images, settings, screened=screened)
        problems = [one.rejection.problem.value if one.rejection else "" for one in found]
        rejected = [index for index, problem in enumerate(problems) if problem]
        overruled = analyse(
            predictor, [images[index] for index in rejected], settings, screened=False
        )
        for index, analysis in zip(rejected, overruled, strict=True):
            found[index] = analysis
        # The heat maps of a whole test set would fill the memory.
        kept = [replace(one, heat_map=None) for one in found]
        return list(zip(kept, problems, strict=True))

    return _gathered(
        predictor,
        [
            pair
            for start in track(range(0, len(samples), BATCH_SIZE), title)
            for pair in answer(samples[start : start + BATCH_SIZE])
        ],
    )


def _gathered(predictor: Predictor, found: Sequence[tuple[Analysis, str]]) -> Served:
    judgements = [analysis.judgement for analysis, _ in found if analysis.judgement]
    judged_as = np.array([analysis.judged_as for analysis, _ in found])
    classes = predictor.bundle.classes
    return Served(
        answers=Answers(
            np.array([list(judgement.probabilities.values()) for judgement in judgements]),
            np.array([predictor.standards[name].threshold for name in judged_as]),
        ),
        problems=np.array([problem for _, problem in found]),
        image_types=np.array([analysis.image_type or "" for analysis, _ in found]),
        judged_as=judged_as,
        verdicts=Verdicts(
            np.array([judgement.verdict for judgement in judgements]),
            np.array([[name in one.possible for name in classes] for one in judgements]),
        ),
    )
