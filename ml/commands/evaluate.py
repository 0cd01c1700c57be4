"""``python -m ml evaluate``: measure a bundle on labelled pictures."""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands.options import PAIRS, SOURCE, positive
from ml.data.manifest import Sample, read_pairs, read_samples
from ml.errors import InputError
from ml.files import write_json
from ml.measuring.binary_metrics import BINS
from ml.packaging.bundle import BUNDLES, Bundle, find
from ml.taxonomy import DIAGNOSIS_CODES

if TYPE_CHECKING:
    from ml.measuring.answers import Answers, TestSet
    from ml.measuring.served import Served

NAME_OR_DIRECTORY = f"name of a bundle in {BUNDLES.name}/, or its directory"
AT_POINT = ("sensitivity", "specificity")
#: An answer is made in one of these ways, see `ml.judging.limits`.
PLAIN, AVERAGED = "plain", "averaged"
DEFINITIONS = {
    "model": "malignant against benign at the model's threshold, of all pictures: of those that "
    "are rejected, the answer that a clinician gets who overrules that",
    "screened": "what share is judged, by what the others are rejected, what share is called "
    "which image type, and the scores of those that are judged alone",
    "subgroups": "without scores where a group has fewer than 30 malignant lesions",
    "melanoma": "melanoma against everything else, at a probability of 0.5",
    "diagnosis": "the likeliest of the diagnoses",
    "ece": f"confidence of the answer, {BINS} equal-width bins over 0..1",
    "verdicts": "sets of diagnoses with a promised coverage, and uncertain as a third verdict",
    "averaged": "the mean over the eight symmetries of each picture",
    "interval": "95 % percentile bootstrap, resampling lesions with their near-duplicates",
    "de_leaked": "the pictures without a near-duplicate in the training data",
}


def add_to(commands: Any) -> None:
    """Add this command to the parser's sub-commands."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a bundle on labelled pictures",
        description=(
            "Write metrics.json, predictions.csv and figures, and print the metrics with their "
            "95 % intervals. With --near-duplicates and --training-data also for the pictures "
            "that have no near-duplicate in the training set, and with two baselines beside."
        ),
    )
    parser.add_argument("--bundle", required=True, help=NAME_OR_DIRECTORY)
    parser.add_argument("--data", required=True, type=Path, help=f"test set: {SOURCE}")
    parser.add_argument("--output", required=True, type=Path, help="directory of the results")
    parser.add_argument(
        "--set",
        dest="name",
        default="official_split",
        help="what the whole test set is called in the results (default: %(default)s)",
    )
    parser.add_argument(
        "--title", default="", help="what its pictures are, for the card, e.g. 'Test part of X'"
    )
    parser.add_argument("--near-duplicates", type=Path, help=PAIRS)
    parser.add_argument(
        "--training-data", type=Path, nargs="+", help=f"full training sets: {SOURCE}"
    )
    parser.add_argument(
        "--baseline", action="append", default=[], help=f"compare with this: {NAME_OR_DIRECTORY}"
    )
    parser.add_argument(
        "--compare-run",
        type=Path,
        help="run the bundle was exported from: shows what 8-bit storage changes",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="add the metrics to the bundle's model.json and the figures to its report/",
    )
    parser.add_argument("--threads", type=positive, help="processor threads (default: all)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write the results and print them."""
    if options.training_data and not options.near_duplicates:
        raise InputError("Give --near-duplicates too: --training-data alone shows no leak.")
    bundle = bundle_of(options.bundle)
    others = [bundle_of(name) for name in options.baseline]
    samples = read_samples(options.data)
    pairs = read_pairs(options.near_duplicates) if options.near_duplicates else []
    training = (
        [sample for path in options.training_data for sample in read_samples(path)]
        if options.training_data
        else None
    )
    options.output.mkdir(parents=True, exist_ok=True)

    from ml.commands.scoreboard import show
    from ml.judging.predictor import Predictor
    from ml.measuring import evaluation, figures
    from ml.measuring.answers import describe
    from ml.measuring.perturbations import PERTURBATIONS
    from ml.measuring.served import serve
    from ml.measuring.subgroups import subgroups

    test = describe(samples, pairs, training)
    predictor = Predictor.load(bundle, options.threads)
    served = serve(predictor, samples, f"{bundle.name} {bundle.version}")
    answers = served.answers
    baselines = _trivial(training, samples) if training else {}
    for other in others:
        loaded = Predictor.load(other, options.threads)
        baselines[other.name] = serve(loaded, samples, other.name, screened=False).answers
    changed = {
        name: serve(predictor, samples, name.replace("_", " "), change=change, screened=False)
        for name, change in PERTURBATIONS.items()
    }
    averaged = serve(predictor, samples, "eight symmetries", symmetries=True, screened=False)
    kinds = subgroups(samples)
    results: dict[str, Any] = {}
    for name, chosen in _subsets(test, options.name).items():
        part, answered = test.among(chosen), answers.among(chosen)
        of_part = {kind: names[chosen] for kind, names in kinds.items()}
        results[name] = {
            "title": _title(options, name),
            **evaluation.pictures(part),
            **evaluation.score(part, answered),
            "screened": evaluation.screened(part, served.among(chosen)),
            "baselines": {
                name: evaluation.score(part, other.among(chosen))
                for name, other in baselines.items()
            },
            "unchanged": evaluation.headline(part, answered),
            "changed": {
                name: evaluation.headline(part, other.answers.among(chosen))
                for name, other in changed.items()
            },
            "subgroups": evaluation.by_subgroup(part, answered, of_part, served.judged[chosen]),
            "averaged": evaluation.headline(part, averaged.answers.among(chosen)),
            "verdicts": _verdicts(
                bundle, part, {PLAIN: served.among(chosen), AVERAGED: averaged.among(chosen)}
            ),
        }
        if bundle.operating_point:
            at_point = served.at_operating_point(predictor).among(chosen)
            found = evaluation.headline(part, at_point)
            results[name]["at_operating_point"] = {
                name: found[name] for name in AT_POINT if name in found
            }
        if part.leaked is not None:
            results[name]["with_near_duplicate_in_training"] = int(part.leaked.sum())
    metrics: dict[str, Any] = {
        "model": {
            "name": bundle.name,
            "version": bundle.version,
            "sha256": bundle.sha256,
            "threshold": bundle.threshold,
        },
        "definitions": DEFINITIONS,
        "bootstrap": {"resamples": evaluation.RESAMPLES, "seed": evaluation.SEED},
        "results": results,
    }
    if options.compare_run:
        from ml.training.loop import load_best

        original = Predictor(load_best(options.compare_run), bundle)
        float32 = serve(original, samples, "The same in float32", screened=False).answers
        metrics["quantisation"] = {
            name: evaluation.quantisation_effect(
                test.among(chosen), answers.among(chosen), float32.among(chosen)
            )
            for name, chosen in _subsets(test, options.name).items()
        }
    write_json(options.output / "metrics.json", metrics)
    _write_predictions(options.output / "predictions.csv", test, served)
    drawn = figures.draw(test, answers, options.output)
    if options.record:
        _record(bundle, metrics, drawn)
    show(results, metrics.get("quantisation", {}))


def bundle_of(text: str) -> Bundle:
    """Return the bundle in the directory, or of the name, ``text``."""
    return Bundle.read(Path(text)) if Path(text).is_dir() else find(text)


def _title(options: argparse.Namespace, name: str) -> str:
    """Return how the card describes a test set; empty where no description was given."""
    if not options.title or name == options.name:
        return options.title
    return f"{options.title}, without those that have a near-duplicate in the training data"


def _subsets(test: TestSet, name: str) -> dict[str, Any]:
    import numpy as np

    subsets = {name: np.ones(len(test.samples), bool)}
    if test.leaked is not None and test.leaked.any():
        subsets["de_leaked"] = ~test.leaked
    return subsets


def _trivial(training: list[Sample], samples: list[Sample]) -> dict[str, Answers]:
    from ml.measuring.answers import Answers
    from ml.measuring.baselines import majority_class, nearest_neighbour

    if any(sample.label in DIAGNOSIS_CODES for sample in samples):
        # A neighbour whose own diagnosis is open could not name a diagnosis.
        training = [sample for sample in training if sample.label in DIAGNOSIS_CODES] or training
    return {
        "majority_class": Answers(majority_class(training, samples)),
        "nearest_neighbour": Answers(nearest_neighbour(training, samples)),
    }


def _record(bundle: Bundle, metrics: dict[str, Any], drawn: list[Path]) -> None:
    recorded = dict(metrics["results"])
    if "quantisation" in metrics:
        recorded["quantisation"] = metrics["quantisation"]
    bundle.record(recorded)
    bundle.report_directory.mkdir(exist_ok=True)
    first = next(iter(metrics["results"]))
    for path in drawn:
        shutil.copyfile(path, bundle.report_directory / f"{first.replace('_', '-')}-{path.name}")


def _verdicts(bundle: Bundle, test: TestSet, answers: dict[str, Served]) -> dict[str, Any]:
    """Return what the verdicts of each way to answer are worth, if its sets promise something."""
    import numpy as np

    from ml.measuring.answers import malignancy
    from ml.measuring.verdict_metrics import verdict_scores

    known, _ = malignancy(test.samples)
    found = {}
    for name, served in answers.items():
        promised = np.any(served.verdicts.sets, axis=1)
        if np.any(promised & known):
            part = served.among(promised)
            found[name] = verdict_scores(bundle, test.among(promised), part.answers, part.verdicts)
    return found


def _write_predictions(path: Path, test: TestSet, served: Served) -> None:
    answers = served.answers
    classes = answers.classes if answers.names_diagnoses else ()
    taken = ("image_type", "judged_as", "problem")
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "lesion_id", "malignant_probability", *taken, *classes])
        for sample, malignant, row, *details in zip(
            test.samples,
            answers.malignant,
            answers.probabilities,
            served.image_types,
            served.judged_as,
            served.problems,
            strict=True,
        ):
            shown = (f"{value:.6f}" for value in (row if classes else ()))
            known = (sample.name, sample.label, sample.lesion, f"{malignant:.6f}")
            writer.writerow([*known, *details, *shown])
