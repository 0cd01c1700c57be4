"""Fill in two reporting checklists for a bundle."""

from __future__ import annotations

from ml.card.facts import (
    has_part,
    has_subgroup,
    is_calibrated,
    is_tested_at_home,
    labels_from_histopathology,
    measured_sets,
    stages,
)
from ml.card.tables import table
from ml.packaging.bundle import Bundle

NOT_MEASURED = "no: not measured"


def tripod_ai(bundle: Bundle) -> str:
    """Return the 27 items of TRIPOD+AI (Collins et al., BMJ 2024), and where each is met."""
    by_group = has_part(bundle, "subgroups")
    results = "yes: *Results*" if measured_sets(bundle) else NOT_MEASURED
    rows = (
        ("1 Title", "yes: this card's title and first paragraph"),
        ("2 Abstract", "partly: the first paragraph; there is no structured abstract"),
        ("3 Background: context, target population, known inequalities", "yes: *Use*, *Limits*"),
        (
            "4 Objectives: development or evaluation",
            "yes: both; *Network*, *Results*"
            if measured_sets(bundle)
            else "yes: development; *Network*",
        ),
        ("5 Data: sources and dates", "partly: *Data*; dates are those of the collections"),
        ("6 Participants: settings, eligibility, treatments", "partly: as the collections say"),
        ("7 Data preparation", "yes: *Network*, *Splits and leaks*; `ml/judging/preprocessing.py`"),
        ("8 Outcome: definition, assessors, blinding", "partly: the collections' labels; *Data*"),
        ("9 Predictors", "yes: the picture alone; age, sex and site are not used"),
        ("10 Sample size", "no: none was calculated"),
        ("11 Missing data", "yes: pictures without a label are not used; *Splits and leaks*"),
        ("12 Analytical methods", "yes: *Network*, *Calibration and decision*, *Results*"),
        ("13 Class imbalance", _class_imbalance(bundle)),
        (
            "14 Fairness",
            "partly: *By group*; nothing was done to make groups equal"
            if by_group
            else NOT_MEASURED,
        ),
        (
            "15 Model output",
            f"yes: {'calibrated ' if is_calibrated(bundle) else ''}probabilities and a threshold; *Calibration and decision*",
        ),
        ("16 Training against evaluation", "yes: *Splits and leaks*"),
        ("17 Ethical approval", "no: none was sought for public collections"),
        ("18a Funding", "none"),
        ("18b Conflicts of interest", "none known"),
        ("18c Protocol", "no: none was written beforehand"),
        ("18d Registration", "no"),
        ("18e Data sharing", "yes: the collections are public; *Data*"),
        ("18f Code sharing", "yes: this repository"),
        ("19 Patient and public involvement", "no"),
        ("20 Participants: flow, characteristics, differences", "partly: *Splits and leaks*"),
        ("21 Model development: numbers of participants and outcomes", "yes: *Splits and leaks*"),
        ("22 Model specification: how to get predictions", "yes: code, weights, `model.json`"),
        (
            "23 Model performance with intervals, and heterogeneity",
            results + (", *By group*" if by_group else ""),
        ),
        ("24 Model updating", "no: not done"),
        ("25 Interpretation", "yes: *Limits*"),
        ("26 Limitations", "yes: *Limits*"),
        (
            "27 Usability: poor input, user interaction, next steps",
            "partly: *Use*, *Limits*"
            + (", *Pictures it refuses*" if bundle.metrics.get("screening") else ""),
        ),
    )
    return f"""## TRIPOD+AI

Collins et al., BMJ 2024, doi:10.1136/bmj-2023-078378; the items in our words.

{table(("item", "met"), rows)}"""


def _class_imbalance(bundle: Bundle) -> str:
    met = []
    if any(stage.get("class_balance") for stage in stages(bundle)):
        met.append("weights by class in training")
    if is_calibrated(bundle):
        met.append("calibrated afterwards")
    return f"yes: {'; '.join(met)}" if met else "no: nothing is recorded"


def clear_derm(bundle: Bundle) -> str:
    """Return the items of CLEAR Derm (Daneshjou et al., JAMA Dermatology 2022), and where each is met."""
    by_group, changed = has_part(bundle, "subgroups"), has_part(bundle, "changed")
    confirmed = labels_from_histopathology(bundle)
    biases = [name for name, holds in (("*By group*", by_group), ("*Artefacts*", changed)) if holds]
    recorded = any("augmentation" in stage for stage in stages(bundle))
    rows = (
        (
            "Data: kind of images",
            "yes: dermoscopic and clinical; *Kinds of picture*"
            if bundle.image_types
            else "yes: dermoscopic; *Data*",
        ),
        ("Data: artefacts", "yes: *Artefacts*" if changed else NOT_MEASURED),
        ("Data: how images were acquired", "partly: as the collections say"),
        ("Data: processing of images", "yes: *Network*"),
        (
            "Data: synthetic images",
            "none, but for changes of training pictures; *Network*"
            if recorded
            else "no: not recorded",
        ),
        ("Data: public images referenced", "yes: *Data*"),
        (
            "Data: patients' age, sex, site",
            "partly: where a collection gives them; *By group*" if by_group else NOT_MEASURED,
        ),
        (
            "Data: skin tone",
            "yes: as it was recorded; *By group*"
            if has_subgroup(bundle, "skin_tone_class")
            else "partly: estimated, not assessed; *By group*"
            if has_subgroup(bundle, "skin_tone")
            else NOT_MEASURED,
        ),
        ("Data: biases from metadata", "yes: metadata are not used to answer"),
        ("Data: partitions without overlap", "yes: *Splits and leaks*"),
        ("Data: sizes of the partitions", "yes: *Splits and leaks*"),
        (
            "Data: external test set",
            "no: the test sets come from the training collections"
            if is_tested_at_home(bundle)
            else "partly: *Data*",
        ),
        ("Data: cameras of several makers", "partly: as the collections have them"),
        ("Data: class distribution", "yes: *Splits and leaks*"),
        (
            "Data: images outside the distribution",
            "partly: pictures of other things; *Pictures it refuses*"
            if bundle.metrics.get("screening")
            else NOT_MEASURED,
        ),
        ("Technique: how labels were made", "partly: *Data*"),
        (
            "Technique: accepted names of diagnoses",
            "yes: `ml/taxonomy.py`, with codes"
            if len(bundle.classes) > 2
            else "no: it names no diagnosis",
        ),
        (
            "Technique: histopathology for malignancy",
            f"partly: as *Data* says of {confirmed}" if confirmed else "no: not known",
        ),
        (
            "Technique: how the algorithm was developed",
            "yes: *Network*" + (", *Choices in training*" if "ablations" in bundle.metrics else ""),
        ),
        ("Assessment: open to public evaluation", "yes: code, weights and commands are open"),
        (
            "Assessment: performance measures",
            "yes: *Results*" if measured_sets(bundle) else NOT_MEASURED,
        ),
        (
            "Assessment: comparison with others",
            "partly: baselines; no clinicians" if has_part(bundle, "baselines") else NOT_MEASURED,
        ),
        ("Assessment: bias", f"partly: {', '.join(biases)}" if biases else NOT_MEASURED),
        ("Application: use cases and target conditions", "yes: *Use*"),
        ("Application: effect on patients and clinicians", "partly: *Use*; not studied"),
    )
    return f"""## CLEAR Derm

Daneshjou et al., JAMA Dermatology 2022, doi:10.1001/jamadermatol.2021.4915; the items in our words.

{table(("item", "met"), rows)}"""
