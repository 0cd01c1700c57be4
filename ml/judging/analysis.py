"""An analysis says whether a picture can be judged, what it shows, and how sure that is.

A picture goes this way: `frames` cuts a border off, `quality` and then the network look at what is
left, `image_types` tells how it was taken, `screening` tells whether the network knows such
pictures, `conformal` tells what cannot be told apart, `explanation` draws where the network looked,
and `abcd` measures the lesion.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from ml.judging import abcd, conformal, explanation, frames, limits, quality, screening
from ml.judging.abcd import Abcd
from ml.judging.outline import draw_outline
from ml.judging.parallel import map_in_threads
from ml.judging.predictor import BATCH_SIZE, Examination, Judgement, Predictor
from ml.judging.preprocessing import symmetries, to_pixels
from ml.judging.screening import Rejection
from ml.judging.segmentation import Segmentation, segment
from ml.taxonomy import DERMOSCOPIC

Array = np.ndarray

#: The lesion is outlined in a square of this side in pixels.
OUTLINE_SIDE = 128


@dataclass(frozen=True)
class AnalysisSettings:
    """Decides how pictures are analysed.

    Attributes:
        coverage: share in (0, 1) of lesions whose set of possible diagnoses holds the true one.
        symmetries: whether the answer is the mean over the picture's eight rotations and mirror
            images, which also gives its spread.
        clinical_pictures: whether ordinary photographs of lesions are judged, and with them the
            pictures that cannot be told from these. A network that cannot tell kinds of picture
            judges every picture.
    """

    coverage: float = 0.9
    symmetries: bool = False
    clinical_pictures: bool = True


@dataclass(frozen=True)
class Analysis:
    """Holds a rejection of one picture, or its judgement with what explains it.

    Everything refers to the whole picture, in its own pixels, also where a border was cut off.

    Attributes:
        rejection: None where the picture was judged.
        judgement: None where the picture was rejected.
        heat_map: see `explanation.overlay`; None also where no place speaks for malignant.
        heat_inside: share in 0..1 of the heat within the lesion; None without a heat map, and
            where the lesion's outline is not clear.
        abcd: None also where the lesion's outline is not clear.
        outline: corners of a polygon around the lesion, as x and y; None where its outline is not
            clear.
        coverage: see `AnalysisSettings`; None where the bundle's sets promise nothing.
        image_type: one of `ml.taxonomy.IMAGE_TYPES`. A rejected picture has one too, if the network
            saw it. None where dermoscopic and clinical cannot be told apart, or the network cannot
            tell kinds of picture.
        judged_as: dermoscopic or clinical: the kind whose calibration, threshold and sets of
            diagnoses the judgement is made by. A picture that may be either, or is neither and is
            judged all the same, is judged as clinical unless it is told from a clinical one.
        frame: the part of the picture that was looked at, without the plain border around it; None
            where there was no border. A rejected picture can have one too.
    """

    rejection: Rejection | None = None
    judgement: Judgement | None = None
    heat_map: Image.Image | None = None
    heat_inside: float | None = None
    abcd: Abcd | None = None
    outline: tuple[tuple[int, int], ...] | None = None
    coverage: float | None = None
    image_type: str | None = None
    judged_as: str = DERMOSCOPIC
    frame: frames.Box | None = None

    def told(self) -> dict[str, Any]:
        """Return what is said of a judged picture by name, in a form that can be written as JSON.

        Its heat map is left out. There is less of a rejected picture, whose rejection is left out.
        """
        found = vars(self) | {
            "abcd": asdict(self.abcd) if self.abcd else {},
            "outline": [list(corner) for corner in self.outline] if self.outline else None,
            "frame": list(self.frame) if self.frame else None,
        }
        if self.judgement:
            low, high = self.judgement.spread or (None, None)
            found |= vars(self.judgement) | {
                "possible": list(self.judgement.possible),
                "spread_low": low,
                "spread_high": high,
            }
        for name in ("rejection", "judgement", "heat_map", "spread"):
            found.pop(name, None)
        return found


@dataclass(frozen=True)
class _Picture:
    """Holds what is looked at of a picture: ``image`` lacks its border, ``size`` counts it."""

    size: tuple[int, int]
    frame: frames.Box | None
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
        settings: how pictures are analysed; by default as `AnalysisSettings` says.
        screened: whether unfit pictures are rejected. False judges every picture, however unfit,
            as it is done where a person has decided so.
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
    found = [Analysis(rejection, frame=picture.frame) for picture, rejection in looked_at]
    judged = [index for index, (_, rejection) in enumerate(looked_at) if rejection is None]
    if judged:
        answers = _judge(predictor, [looked_at[index][0] for index in judged], settings, screened)
        for index, analysis in zip(judged, answers, strict=True):
            found[index] = analysis
    return found


def _prepare(whole: Image.Image) -> _Picture:
    frame = frames.find_frame(whole)
    image = whole.crop(frame) if frame else whole
    square = to_pixels(image, quality.SIDE)
    outlined = to_pixels(Image.fromarray(square), OUTLINE_SIDE)
    return _Picture(whole.size, frame, image, square, outlined, segment(outlined))


def quality_of(image: Image.Image) -> quality.Quality:
    """Return what `ml.judging.quality` measures of a picture."""
    return _quality(_prepare(image))


def _quality(picture: _Picture) -> quality.Quality:
    return quality.measure(picture.square, picture.segmentation, min(picture.image.size))


def _reject_quality(picture: _Picture) -> Rejection | None:
    measured = _quality(picture)
    problem = quality.problem(measured)
    return Rejection(problem, str(measured), quality.TOLD.get(problem, {})) if problem else None


def _judge(
    predictor: Predictor, pictures: Sequence[_Picture], settings: AnalysisSettings, screened: bool
) -> list[Analysis]:
    started = time.perf_counter()
    size = predictor.input_size

    def read(picture: _Picture) -> Array:
        return picture.square if size == quality.SIDE else to_pixels(picture.image, size)

    pixels = np.stack(map_in_threads(read, pictures, predictor.threads))
    examination = predictor.examine(pixels)
    told = predictor.tell(examination.image_types)
    judged_as = predictor.judge_as(examination.image_types)
    probabilities, spreads = _probabilities(predictor, pixels, examination, judged_as, settings)
    elapsed = (time.perf_counter() - started) * 1000 / len(pictures)
    judgements = predictor.judge(probabilities, judged_as, elapsed)
    possible = _possible(predictor, probabilities, judgements, judged_as, settings)
    unfit = (
        screening.reject(predictor, examination, clinical_pictures=settings.clinical_pictures)
        if screened
        else [None] * len(pictures)
    )

    def explained(index: int) -> Analysis:
        picture, heat, changes = pictures[index], examination.heat[index], possible[index]
        if rejection := unfit[index]:
            return Analysis(
                rejection,
                image_type=told[index],
                judged_as=judged_as[index],
                frame=picture.frame,
            )
        heat_map = explanation.overlay(heat, picture.size, picture.frame)
        lesion = picture.segmentation
        located = heat_map and lesion.is_clear
        looked_at = picture.frame or frames.Box(0, 0, *picture.size)
        return Analysis(
            judgement=replace(judgements[index], spread=spreads[index], **changes),
            heat_map=heat_map,
            heat_inside=explanation.inside(heat, lesion.mask) if located else None,
            abcd=abcd.measure(picture.outlined, lesion, min(picture.image.size)),
            outline=draw_outline(lesion.mask, looked_at) if lesion.is_clear else None,
            coverage=settings.coverage if changes else None,
            image_type=told[index],
            judged_as=judged_as[index],
            frame=picture.frame,
        )

    return map_in_threads(explained, range(len(pictures)), predictor.threads)


def _probabilities(
    predictor: Predictor,
    pixels: Array,
    examination: Examination,
    judged_as: Sequence[str],
    settings: AnalysisSettings,
) -> tuple[Array, list[tuple[float, float] | None]]:
    """Return the probabilities, and the least and largest malignant one over the symmetries."""
    if not settings.symmetries:
        upright = predictor.calibrated(examination.logits, judged_as)
        return upright, [None] * len(upright)
    # The upright picture alone decides what kind it is, so that all views are read alike.
    logits = predictor.logits(symmetries(pixels))
    views = predictor.calibrated(logits, np.repeat(judged_as, 8).tolist())
    views = views.reshape(len(pixels), 8, -1)
    malignant = predictor.malignant(views.reshape(-1, views.shape[2])).reshape(len(pixels), 8)
    return views.mean(1), [(float(row.min()), float(row.max())) for row in malignant]


def _possible(
    predictor: Predictor,
    probabilities: Array,
    judgements: Sequence[Judgement],
    judged_as: Sequence[str],
    settings: AnalysisSettings,
) -> list[dict[str, Any]]:
    """Return for each picture its set of diagnoses and the verdict that follows from it."""
    bundle = predictor.bundle
    answer = limits.AVERAGED if settings.symmetries else limits.PLAIN
    malignant = np.array([name in bundle.malignant for name in bundle.classes])
    found: list[dict[str, Any]] = [{} for _ in judgements]
    for name, standard in predictor.standards.items():
        chosen = [index for index, other in enumerate(judged_as) if other == name]
        scores = standard.scores[answer]
        if not scores or not chosen:
            continue
        sets = conformal.prediction_sets(
            probabilities[chosen], bundle.classes, bundle.malignant, scores, settings.coverage
        )
        called = np.array(
            [judgements[index].malignant_probability >= standard.threshold for index in chosen]
        )
        verdicts = conformal.verdicts(sets, called, malignant)
        for index, verdict, row in zip(chosen, verdicts, sets, strict=True):
            inside = np.flatnonzero(row)
            possible = tuple(bundle.classes[number] for number in inside)
            found[index] = {"verdict": str(verdict), "possible": possible}
    return found
