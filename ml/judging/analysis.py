"""An analysis says whether a picture can be judged, what it shows, and how sure that is.

The way of a picture: `quality` looks at it, the network does, `novelty` tells whether the network
knows such pictures, `conformal` what cannot be told apart, `explanation` draws where the network
looked, and `abcd` measures the lesion.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from ml.judging import abcd, conformal, explanation, limits, quality
from ml.judging.abcd import Abcd
from ml.judging.parallel import map_in_threads
from ml.judging.predictor import BATCH_SIZE, Examination, Judgement, Predictor
from ml.judging.preprocessing import symmetries, to_pixels
from ml.judging.quality import ADVICE, Problem
from ml.judging.segmentation import Segmentation, segment

Array = np.ndarray

#: Side in pixels of the square that the lesion is outlined in.
OUTLINE_SIDE = 128


@dataclass(frozen=True)
class AnalysisSettings:
    """Decides how pictures are analysed.

    Attributes:
        coverage: share in (0, 1) of lesions whose set of possible diagnoses holds the true one.
        symmetries: whether the answer is the mean over the picture's eight rotations and mirror
            images, which also gives its spread.
    """

    coverage: float = 0.9
    symmetries: bool = False


@dataclass(frozen=True)
class Rejection:
    """Why a picture gets no answer.

    Attributes:
        problem: what is wrong with it.
        advice: a sentence for the person who sent it in.
        detail: what was measured, for an engineer.
    """

    problem: Problem
    advice: str
    detail: str


@dataclass(frozen=True)
class Analysis:
    """Holds a rejection of one picture, or its judgement with what explains it.

    Attributes:
        rejection: None where the picture was judged.
        judgement: None where it was not.
        heat_map: see `explanation.overlay`; None also where no place speaks for malignant.
        heat_inside: share in 0..1 of the heat within the lesion; None without a heat map, and
            where the lesion's outline is not clear.
        abcd: None also where the lesion's outline is not clear.
        coverage: see `AnalysisSettings`; None where the bundle's sets promise nothing.
    """

    rejection: Rejection | None = None
    judgement: Judgement | None = None
    heat_map: Image.Image | None = None
    heat_inside: float | None = None
    abcd: Abcd | None = None
    coverage: float | None = None


@dataclass(frozen=True)
class _Picture:
    image: Image.Image
    square: Array
    outlined: Array
    segmentation: Segmentation


def analyse(
    predictor: Predictor,
    images: Sequence[Image.Image],
    settings: AnalysisSettings | None = None,
    *,
    screened: bool = True,
) -> list[Analysis]:
    """Return what is known of every picture, in order.

    Args:
        predictor: the network.
        images: decoded pictures of any size.
        settings: by default those of `AnalysisSettings`.
        screened: False judges every picture, however unfit: where a person has decided so.
    """
    settings = settings or AnalysisSettings()
    return [
        analysis
        for start in range(0, len(images), BATCH_SIZE)
        for analysis in _analyse_batch(
            predictor, images[start : start + BATCH_SIZE], settings, screened
        )
    ]


def _analyse_batch(
    predictor: Predictor, images: Sequence[Image.Image], settings: AnalysisSettings, screened: bool
) -> list[Analysis]:
    def look(image: Image.Image) -> tuple[_Picture, Rejection | None]:
        picture = _prepare(image)
        return picture, _reject_quality(picture) if screened else None

    looked_at = map_in_threads(look, images, predictor.threads)
    found = [Analysis(rejection) for _, rejection in looked_at]
    judged = [index for index, (_, rejection) in enumerate(looked_at) if rejection is None]
    if judged:
        answers = _judge(predictor, [looked_at[index][0] for index in judged], settings, screened)
        for index, analysis in zip(judged, answers, strict=True):
            found[index] = analysis
    return found


def _prepare(image: Image.Image) -> _Picture:
    square = to_pixels(image, quality.SIDE)
    outlined = to_pixels(Image.fromarray(square), OUTLINE_SIDE)
    return _Picture(image, square, outlined, segment(outlined))


def quality_of(image: Image.Image) -> quality.Quality:
    """Return what `ml.judging.quality` measures of a picture."""
    return _quality(_prepare(image))


def _quality(picture: _Picture) -> quality.Quality:
    return quality.measure(picture.square, picture.segmentation, min(picture.image.size))


def _reject_quality(picture: _Picture) -> Rejection | None:
    measured = _quality(picture)
    problem = quality.problem(measured)
    return Rejection(problem, ADVICE[problem], str(measured)) if problem else None


def _judge(
    predictor: Predictor, pictures: Sequence[_Picture], settings: AnalysisSettings, screened: bool
) -> list[Analysis]:
    started = time.perf_counter()
    size = predictor.input_size

    def read(picture: _Picture) -> Array:
        return picture.square if size == quality.SIDE else to_pixels(picture.image, size)

    pixels = np.stack(map_in_threads(read, pictures, predictor.threads))
    examination = predictor.examine(pixels)
    probabilities, spreads = _probabilities(predictor, pixels, examination, settings)
    elapsed = (time.perf_counter() - started) * 1000 / len(pictures)
    judgements = predictor.judge(probabilities, elapsed)
    possible = _possible(predictor, probabilities, judgements, settings)
    strange = _strange(predictor, examination) if screened else [None] * len(pictures)

    def explained(index: int) -> Analysis:
        if rejection := strange[index]:
            return Analysis(rejection)
        picture, heat, changes = pictures[index], examination.heat[index], possible[index]
        heat_map, outline = explanation.overlay(heat, picture.image.size), picture.segmentation
        located = heat_map and outline.is_clear
        return Analysis(
            judgement=replace(judgements[index], spread=spreads[index], **changes),
            heat_map=heat_map,
            heat_inside=explanation.inside(heat, outline.mask) if located else None,
            abcd=abcd.measure(picture.outlined, outline, min(picture.image.size)),
            coverage=settings.coverage if changes else None,
        )

    return map_in_threads(explained, range(len(pictures)), predictor.threads)


def _probabilities(
    predictor: Predictor, pixels: Array, examination: Examination, settings: AnalysisSettings
) -> tuple[Array, list[tuple[float, float] | None]]:
    """Return the probabilities, and the least and largest malignant one over the symmetries."""
    upright = predictor.calibration.probabilities(examination.logits)
    if not settings.symmetries:
        return upright, [None] * len(upright)
    views = predictor.probabilities(symmetries(pixels)).reshape(len(pixels), 8, -1)
    malignant = predictor.malignant(views.reshape(-1, views.shape[2])).reshape(len(pixels), 8)
    return views.mean(1), [(float(row.min()), float(row.max())) for row in malignant]


def _possible(
    predictor: Predictor,
    probabilities: Array,
    judgements: Sequence[Judgement],
    settings: AnalysisSettings,
) -> list[dict[str, Any]]:
    """Return for each picture its set of diagnoses and the verdict that follows from it."""
    bundle = predictor.bundle
    answer = limits.AVERAGED if settings.symmetries else limits.PLAIN
    scores = limits.conformal_scores(predictor.limits, answer)
    if not scores:
        return [{}] * len(judgements)
    sets = conformal.prediction_sets(
        probabilities, bundle.classes, bundle.malignant, scores, settings.coverage
    )
    called = np.array(
        [judgement.malignant_probability >= bundle.threshold for judgement in judgements]
    )
    kinds = np.array([name in bundle.malignant for name in bundle.classes])
    return [
        {
            "verdict": str(verdict),
            "possible": tuple(
                name for name, inside in zip(bundle.classes, row, strict=True) if inside
            ),
        }
        for verdict, row in zip(conformal.verdicts(sets, called, kinds), sets, strict=True)
    ]


def _strange(predictor: Predictor, examination: Examination) -> list[Rejection | None]:
    strangeness = predictor.strangeness(examination)
    if strangeness is None:
        return [None] * len(examination.logits)
    threshold = predictor.bundle.novelty["threshold"]
    problem = Problem.NOT_DERMOSCOPY
    return [
        # Not "more than": a score that is no number is no reason to trust the picture.
        None
        if score <= threshold
        else Rejection(
            problem, ADVICE[problem], f"strangeness {score:.2f}, accepted {threshold:.2f}"
        )
        for score in strangeness
    ]
