"""The sections of a card about the model itself: use, network, data, limits, identity."""

from __future__ import annotations

from typing import Any

from ml.card.tables import NOT_MEASURED, counts, table, words
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSES

#: What is known of a collection, by a part of the name it has in a run's report.
COLLECTIONS = {
    "ham10000": (
        "HAM10000",
        "CC BY-NC 4.0",
        "Tschandl, Rosendahl & Kittler, Scientific Data 2018, doi:10.1038/sdata.2018.161",
    ),
    "isic2017": (
        "ISIC 2017 challenge, training and validation part",
        "CC0",
        "Codella et al., arXiv 1710.05006",
    ),
    "melanoma_cancer_dataset": (
        "Melanoma Cancer Image Dataset",
        "unclear: collected from public dermoscopy sources",
        "published on Kaggle",
    ),
    "seed": (
        "Melanoma Cancer Image Dataset",
        "unclear: collected from public dermoscopy sources",
        "published on Kaggle",
    ),
}


def title(bundle: Bundle) -> str:
    """The name, and the card in a paragraph."""
    answers = (
        "seven diagnoses, of which three count as malignant"
        if len(bundle.classes) > 2
        else "benign and malignant"
    )
    return f"""# {bundle.name} {bundle.version}

A convolutional network (`{bundle.architecture}`) that looks at one dermoscopic picture of a skin lesion and gives
probabilities of {answers}. **It is for education and research. It is no medical device and makes no diagnosis.**

**Terms of the weights:** {bundle.licence}."""


def use() -> str:
    """What it is for, and what it is not for."""
    return """## Use

**For** teaching what such networks can and cannot do, for research on them, and as a second look that a clinician who
sees the patient can weigh or ignore.

**Not for**

- deciding whether a person is ill, needs a doctor or needs treatment, by itself or as triage;
- pictures taken without a dermatoscope, of mucosa, nails, scalp hair or more than one lesion;
- lesions that are none of the answers it knows: where the picture passes for dermoscopy, it gives one of them all the same;
- groups it has hardly seen: children, and darker skin above all. The collections come mostly from Europe, Australia and
  the United States and show mostly light skin.

**Who may be harmed:** a person whose melanoma is called benign and who waits. The site therefore calls no result an
all-clear and lists the signs for which one should see a doctor whatever it says."""


def network(bundle: Bundle) -> str:
    """Architecture, training and the meaning of the probabilities."""
    stages = _stages(bundle.training)
    rows = [
        (
            f"stage {number}" if len(stages) > 1 else "all",
            str(stage.get("input_size") or bundle.input_size),
            _length(stage),
            str(stage.get("batch_size", "")),
            f"{stage.get('learning_rate', 0):g}",
            str(stage.get("augmentation", "")),
        )
        for number, stage in enumerate(stages, start=1)
    ]
    meaning = {
        diagnosis.code: (diagnosis.name, "malignant" if diagnosis.malignant else "benign")
        for diagnosis in DIAGNOSES
    }
    answers = [
        (code, *meaning.get(code, (code, "malignant" if code in bundle.malignant else "benign")))
        for code in bundle.classes
    ]
    start = "ImageNet weights" if any(s.get("pretrained") for s in stages) else "random weights"
    return f"""## Network

`{bundle.architecture}`, defined in `ml/architectures/`, reads the centre square of a picture at {bundle.input_size} x
{bundle.input_size} pixels. Trained from {start} with AdamW; of all epochs or rounds, those that did
best on validation pictures were kept. A picture of which only benign or malignant is known counts by the sum of the probabilities its label
allows (marginal likelihood). Training pictures are turned, mirrored, recoloured, blurred, re-compressed and given dark
corners, hair, rulers and ink at random, whatever their label.

{table(("stage", "pixels", "length", "batch", "learning rate", "augmentation"), rows)}

Its answers:

{table(("code", "diagnosis", "counts as"), answers)}"""


def _length(stage: dict[str, Any]) -> str:
    """How long a stage was: in passes of single pictures, or in epochs as it was counted before."""
    if "passes" in stage:
        return f"{stage['passes']:,} passes"
    return f"{stage['epochs']} epochs" if "epochs" in stage else ""


def _stages(training: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings of the runs that each went on from the one before, the first one first."""
    if not training:
        return []
    return [*_stages(training.get("earlier") or {}), training]


def data(bundle: Bundle) -> str:
    """The collections and their licences."""
    sources = bundle.data.get("sources", [])
    known = []
    for key, row in COLLECTIONS.items():
        if any(key in source for source in sources) and row not in known:
            known.append(row)
    held_out = ", ".join(f"`{name}`" for name in bundle.data.get("held_out", [])) or "none"
    return f"""## Data

{table(("collection", "licence", "reference"), known) if known else "The collections are not known."}

Labels come from the collections: in HAM10000 from histopathology, follow-up, consensus of experts or confocal microscopy;
all melanomas there are confirmed by histopathology. Held out for measuring: {held_out}."""


def splits(bundle: Bundle) -> str:
    """Counts, what was dropped and why, and how leaks were looked for."""
    report = bundle.data
    if not report:
        return f"## Splits and leaks\n\n{NOT_MEASURED}"
    rows = [("found", counts(report.get("found", {})))]
    rows += [(f"dropped: {words(k)}", counts(n)) for k, n in report.get("dropped", {}).items()]
    rows += [(part, counts(report.get(part, {}))) for part in ("training", "validation")]
    leaks = [
        f"- `{name}`: {result['with_near_duplicate_in_training']} of "
        f"{sum(result['pictures'].values()):,} test pictures have a near-duplicate among the training pictures."
        for name, result in bundle.metrics.items()
        if isinstance(result, dict) and "with_near_duplicate_in_training" in result
    ]
    audit = "\n".join(leaks) or "- Leaks into the test sets were not counted."
    return f"""## Splits and leaks

{table(("part", "pictures"), rows)}

Whole lesions, with every near-duplicate (16 x 16 grey thumbnails that correlate above 0.99, also mirrored), lie on one side
of each split. Pictures that nearly repeat one of a public challenge's test set are "excluded". A picture that shows a
held-out lesion, or nearly repeats one, is dropped from training and validation.

{audit}

Fingerprint of the split: `{report.get("fingerprint", "")}`"""


def failures() -> str:
    """How examples of errors are chosen."""
    return """## Failures

Errors are picked by rule, never by hand: for each diagnosis, the five wrong answers with the highest probability, from
`predictions.csv` of the evaluation, sorted by that probability and then by name. The pictures themselves are not reproduced
here: they show people's skin and two of the collections do not allow every use. Who holds the data can list them with the
command under *Identity*."""


def limits(bundle: Bundle) -> str:
    """What the figures do not say."""
    more = (
        "\n- Rare diagnoses (dermatofibroma, vascular lesion) have few test pictures: read their intervals, not their scores."
        if len(bundle.classes) > 2
        else ""
    )
    return f"""## Limits

- Test and training pictures come from the same collections. Elsewhere, with another camera and other patients, expect less.
- The share of malignant lesions in the test sets is that of specialised clinics. In the general population it is far
  lower, and so is the share of malignant answers that are right.
- Skin tone is estimated from the picture and is rough; very few pictures show dark skin.
- A picture with two lesions or ink on the lesion gets an answer too, and so do many of skin without one.
- Coverage is promised for lesions like those of HAM10000. Elsewhere it can be lower, and nothing on the page will show it.{more}
- No clinician has been watched using it: whether it helps or misleads is not known."""


def identity(bundle: Bundle) -> str:
    """Version, hash, and the commands that give every figure again."""
    name = bundle.name
    return f"""## Identity

| what | value |
| --- | --- |
| name and version | {name} {bundle.version} |
| SHA-256 of the weights | `{bundle.sha256}` |
| exported | {bundle.created} |

The figures above come from these commands; how the manifests are made is in `docs/training.md`.

    python -m ml evaluate --bundle {name} --data HELD-OUT.csv --set held_out --output REPORT --record --baseline seven-stage \\
                          --near-duplicates PAIRS.csv --training-data RUN/training.csv RUN/validation.csv
    python -m ml audit --bundle BUNDLE --data HELD-OUT.csv ... --strange FOLDER --output AUDIT.json --record
    python -m ml explain --bundle BUNDLE --data RUN/validation.csv --source ham10000 --near-duplicates PAIRS.csv --record
    python -m ml card --bundle {name} --output docs/model-card.md"""
