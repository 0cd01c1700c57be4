"""These sections of a card tell of the model itself: its use, network, limits and identity."""

from __future__ import annotations

from typing import Any

from ml.card.facts import (
    has_part,
    has_subgroup,
    is_tested_at_home,
    learns_from_open_labels,
    measured_sets,
    stages,
)
from ml.card.tables import NOT_MEASURED, table
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSES, is_malignant

#: Diagnoses with fewer test pictures are named among the limits.
FEW_PICTURES = 50
#: These words occur in several entries of `AUGMENTATIONS`, which says what may happen to a training
#: picture, by the name that settings give it.
_ARTEFACTS = "given dark corners, hair, rulers and ink"
_SHARPNESS = "blurred and re-compressed"
AUGMENTATIONS = {
    "all": f"turned, mirrored, recoloured, {_SHARPNESS}, and {_ARTEFACTS}",
    "mild": f"turned, mirrored, mildly recoloured, {_SHARPNESS}, and {_ARTEFACTS}",
    "without_artefacts": f"turned, mirrored, recoloured, {_SHARPNESS}",
    "without_sharpness": f"turned, mirrored, recoloured, and {_ARTEFACTS}",
}


def title(bundle: Bundle) -> str:
    """Return the name of the model, and a summary of the card in one paragraph."""
    answers = (
        " and ".join(bundle.classes)
        if len(bundle.classes) == 2
        else f"{len(bundle.classes)} diagnoses, of which {len(bundle.malignant)} count as malignant"
    )
    return f"""# {bundle.name} {bundle.version}

A convolutional network (`{bundle.architecture}`) that looks at one {_pictures(bundle)} of a skin lesion and gives
probabilities of {answers}. **It is for education and research. It is no medical device and makes no diagnosis.**

**Terms of the weights:** {bundle.licence}."""


def _pictures(bundle: Bundle) -> str:
    return "dermoscopic picture or photograph" if bundle.image_types else "dermoscopic picture"


def use(bundle: Bundle) -> str:
    """Return what it is for, and what it is not for."""
    strange = (
        f"where the picture passes for {'one of a lesion' if bundle.image_types else 'dermoscopy'}, it gives one "
        "of them all the same"
        if bundle.novelty or bundle.image_types
        else "it gives one of them all the same"
    )
    groups = (
        "groups of people of whom *By group* has few pictures or none"
        if has_part(bundle, "subgroups")
        else "people of any one age, sex or skin tone: how it does by group was not measured"
    )
    return f"""## Use

**For** teaching what such networks can and cannot do, for research on them, and as a second look that a clinician who
sees the patient can weigh or ignore.

**Not for**

- deciding whether a person is ill, needs a doctor or needs treatment, by itself or as triage;
- pictures {"" if bundle.image_types else "taken without a dermatoscope, "}of mucosa, nails, scalp hair or more than one lesion;
- lesions that are none of the answers it knows: {strange};
- {groups}.

**Who may be harmed:** a person whose melanoma is called benign and who waits. The site therefore calls no result an
all-clear and lists the signs for which one should see a doctor whatever it says."""


def network(bundle: Bundle) -> str:
    """Return architecture, training and the meaning of the probabilities."""
    runs = stages(bundle)
    rows = [
        (
            f"stage {number}" if len(runs) > 1 else "all",
            str(stage.get("input_size") or bundle.input_size),
            _length(stage),
            str(stage.get("batch_size", "")),
            f"{stage.get('learning_rate', 0):g}",
            str(stage.get("augmentation", "not recorded")),
        )
        for number, stage in enumerate(runs, start=1)
    ]
    meaning = {
        diagnosis.code: (diagnosis.name, "malignant" if diagnosis.malignant else "benign")
        for diagnosis in DIAGNOSES
    }
    answers = [
        (code, *meaning.get(code, (code, "malignant" if code in bundle.malignant else "benign")))
        for code in bundle.classes
    ]
    training = (
        f"{' '.join(_training(bundle, runs))}\n\n"
        f"{table(('stage', 'pixels', 'length', 'batch', 'learning rate', 'augmentation'), rows)}"
        if runs
        else "How it was trained is not recorded."
    )
    return f"""## Network

`{bundle.architecture}`, defined in `ml/architectures/`, reads the centre square of a picture at {bundle.input_size} x
{bundle.input_size} pixels.

{training}

Its answers:

{table(("code", "diagnosis", "counts as"), answers)}"""


def _training(bundle: Bundle, runs: list[dict[str, Any]]) -> list[str]:
    """Return what the settings of the runs say, in sentences."""
    start = "ImageNet weights" if any(run.get("pretrained") for run in runs) else "random weights"
    sentences = [f"Trained from {start} with AdamW."]
    last = runs[-1]
    if "best_epoch" in last:
        sentences.append(
            f"Kept was epoch {last['best_epoch']} of {last['epochs_run']}, the best on validation pictures."
        )
    elif "best_passes" in last:
        rounds = " and ".join(f"{passes:,}" for passes in last["best_passes"])
        sentences.append(
            f"Kept were the weights after {rounds} of {last['passes_run']:,} passes, the best on validation pictures."
        )
    if learns_from_open_labels(bundle):
        sentences.append(
            "A picture of which only benign or malignant is known counts by the sum of the probabilities its label "
            "allows (marginal likelihood)."
        )
    changes = [AUGMENTATIONS.get(run.get("augmentation", ""), "") for run in runs]
    sentences += [
        f"Training pictures are {change} at random, whatever their label."
        for change in dict.fromkeys(changes)
        if change
    ]
    if not all(changes):
        part = " of some stages" if any(changes) else ""
        sentences.append(f"How the training pictures{part} were varied is not recorded.")
    return sentences


def _length(stage: dict[str, Any]) -> str:
    """Return how long a stage was, in passes of single pictures or, for an older run, in epochs."""
    if "passes" in stage:
        return f"{stage.get('passes_run', stage['passes']):,} passes"
    return f"{stage['epochs']} epochs" if "epochs" in stage else ""


def failures(bundle: Bundle) -> str:
    """Return where errors can be found, because the card itself shows none."""
    if not measured_sets(bundle):
        return f"## Failures\n\n{NOT_MEASURED}"
    return """## Failures

No wrong answer is shown here: the pictures show people's skin. Who holds the data finds every answer in `predictions.csv`,
which the command under *Identity* writes: sorted by probability within each label it lists the surest errors first, so that
nobody picks them by hand."""


def limits(bundle: Bundle) -> str:
    """Return what the figures do not say."""
    lines = [
        *_limits_of_tests(bundle),
        *_limits_of_groups(bundle),
        *_limits_of_screening(bundle),
    ]
    if has_part(bundle, "verdicts"):
        lines.append(
            "Coverage is promised for lesions like those it was calibrated with. Elsewhere it can be lower, and nothing on "
            "the page will show it."
        )
    lines.append(
        "No clinician has been watched using it: whether it helps or misleads is not known."
    )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _limits_of_tests(bundle: Bundle) -> list[str]:
    lines = []
    if is_tested_at_home(bundle):
        lines.append(
            "Test and training pictures come from the same collections. Elsewhere, with another camera and other patients, "
            "expect less."
        )
    shares = []
    for name, result in measured_sets(bundle).items():
        pictures = result["pictures"]
        malignant = sum(number for label, number in pictures.items() if is_malignant(label))
        shares.append(f"{100 * malignant / sum(pictures.values()):.0f} % of `{name}`")
    if shares:
        lines.append(
            f"Malignant pictures make up {' and '.join(shares)}. In the general population the share is far lower, and so is the share of "
            "malignant answers that are right."
        )
    return lines


def _limits_of_groups(bundle: Bundle) -> list[str]:
    lines = [
        "Skin tone is estimated from the picture and is rough; *By group* says how few pictures show dark skin."
        if has_subgroup(bundle, "skin_tone")
        else "How it does on darker skin was not measured."
    ]
    names = {diagnosis.code: diagnosis.name for diagnosis in DIAGNOSES}
    for name, result in measured_sets(bundle).items():
        rare = [
            f"{names[code]} ({scores['pictures']})"
            for code, scores in result.get("by_class", {}).items()
            if scores["pictures"] < FEW_PICTURES
        ]
        if rare:
            lines.append(
                f"Some diagnoses have few pictures in `{name}`: {', '.join(rare)}. Read their intervals, not their scores."
            )
    return lines


def _limits_of_screening(bundle: Bundle) -> list[str]:
    lines = ["A picture with two lesions or ink on the lesion gets an answer too."]
    degraded = bundle.metrics.get("screening", {}).get("degraded", {})
    for name, change in degraded.items():
        if change["expected"] == "no_lesion":
            passed = 100 * (1 - change["rejected"]["value"])
            lines.append(f"Of pictures of {name}, {passed:.0f} % get an answer.")
    return lines


def identity(bundle: Bundle) -> str:
    """Return version, hash, and the commands that give every figure again."""
    return f"""## Identity

| what | value |
| --- | --- |
| name and version | {bundle.name} {bundle.version} |
| SHA-256 of the weights | `{bundle.sha256}` |
| exported | {bundle.created} |

The figures above come from these commands; how the manifests are made is in `docs/training.md`.

{chr(10).join(f"    {command}" for command in _commands(bundle))}"""


def _commands(bundle: Bundle) -> list[str]:
    commands = []
    results = measured_sets(bundle)
    if results:
        others = {name for result in results.values() for name in result.get("baselines", {})}
        options = [f"--baseline {name}" for name in sorted(others - set(TRIVIAL))]
        if others & set(TRIVIAL):
            options.append("--near-duplicates PAIRS.csv --training-data TRAINING ...")
        evaluate = f"python -m ml evaluate --bundle {bundle.name} --data TEST --set NAME --output REPORT --record"
        commands.append(" ".join([evaluate, *options]))
    directory = f"ml/bundles/{bundle.name}"
    if "screening" in bundle.metrics:
        commands.append(
            f"python -m ml audit --bundle {directory} --data TEST ... --strange FOLDER --output AUDIT.json --record"
        )
    if "explanation" in bundle.metrics:
        commands.append(
            f"python -m ml explain --bundle {directory} --data VALIDATION.csv --near-duplicates PAIRS.csv --record"
        )
    return [*commands, f"python -m ml card --bundle {bundle.name}"]


#: These baselines are not bundles.
TRIVIAL = ("majority_class", "nearest_neighbour")
