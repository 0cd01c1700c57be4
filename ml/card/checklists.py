"""Two reporting checklists, filled in for a bundle."""

from __future__ import annotations

from ml.card.results import measured
from ml.card.tables import table
from ml.packaging.bundle import Bundle

RESULTS = "yes: *Results*"


def tripod_ai(bundle: Bundle) -> str:
    """TRIPOD+AI (Collins et al., BMJ 2024): its 27 items in our words, and where each is met."""
    has_subgroups = any(result.get("subgroups") for result in measured(bundle).values())
    rows = (
        ("1 Title", "yes: this card's title and first paragraph"),
        ("2 Abstract", "partly: the first paragraph; there is no structured abstract"),
        ("3 Background: context, target population, known inequalities", "yes: *Use*, *Limits*"),
        ("4 Objectives: development or evaluation", "yes: both; *Network*, *Results*"),
        ("5 Data: sources and dates", "partly: *Data*; dates are those of the collections"),
        ("6 Participants: settings, eligibility, treatments", "partly: as the collections say"),
        ("7 Data preparation", "yes: *Network*, *Splits and leaks*; `ml/judging/preprocessing.py`"),
        ("8 Outcome: definition, assessors, blinding", "partly: the collections' labels; *Data*"),
        ("9 Predictors", "yes: the picture alone; age, sex and site are not used"),
        ("10 Sample size", "no: all public pictures that could be used; none was calculated"),
        ("11 Missing data", "yes: pictures without a label are not used; *Splits and leaks*"),
        ("12 Analytical methods", "yes: *Network*, *Calibration and decision*, *Results*"),
        ("13 Class imbalance", "yes: weights by class in training; calibrated afterwards"),
        (
            "14 Fairness",
            "partly: *By group*; nothing was done to make groups equal"
            if has_subgroups
            else "no: groups were not measured",
        ),
        ("15 Model output", "yes: calibrated probabilities and a threshold; *Calibration*"),
        ("16 Training against evaluation", "yes: *Splits and leaks*"),
        ("17 Ethical approval", "no: public, de-identified collections; none was sought"),
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
        ("23 Model performance with intervals, and heterogeneity", RESULTS + ", *By group*"),
        ("24 Model updating", "no: not done"),
        ("25 Interpretation", "yes: *Limits*"),
        ("26 Limitations", "yes: *Limits*"),
        (
            "27 Usability: poor input, user interaction, next steps",
            "partly: *Use*, *Limits*, *Pictures it refuses*",
        ),
    )
    return f"""## TRIPOD+AI

Collins et al., BMJ 2024, doi:10.1136/bmj-2023-078378; the items in our words.

{table(("item", "met"), rows)}"""


def clear_derm(bundle: Bundle) -> str:
    """CLEAR Derm (Daneshjou et al., JAMA Dermatology 2022): its items in our words."""
    artefacts = any(result.get("changed") for result in measured(bundle).values())
    tones = any("skin_tone" in result.get("subgroups", {}) for result in measured(bundle).values())
    rows = (
        ("Data: kind of images", "yes: dermoscopic; *Data*"),
        (
            "Data: artefacts",
            "yes: *Artefacts*" if artefacts else "partly: described, not measured",
        ),
        ("Data: how images were acquired", "partly: as the collections say"),
        ("Data: processing of images", "yes: *Network*"),
        ("Data: synthetic images", "none, but for changes of training pictures; *Network*"),
        ("Data: public images referenced", "yes: *Data*"),
        ("Data: patients' age, sex, site", "partly: where a collection gives them; *By group*"),
        (
            "Data: skin tone",
            "partly: estimated, not assessed; *By group*" if tones else "no: not measured",
        ),
        ("Data: biases from metadata", "yes: metadata are not used to answer"),
        ("Data: partitions without overlap", "yes: *Splits and leaks*"),
        ("Data: sizes of the partitions", "yes: *Splits and leaks*"),
        ("Data: external test set", "no: the test sets come from the training collections"),
        ("Data: cameras of several makers", "partly: as the collections have them"),
        ("Data: class distribution", "yes: *Splits and leaks*, *Results*"),
        (
            "Data: images outside the distribution",
            "partly: pictures of other things; *Pictures it refuses*"
            if bundle.metrics.get("screening")
            else "no: not measured; *Limits*",
        ),
        ("Technique: how labels were made", "partly: *Data*"),
        ("Technique: accepted names of diagnoses", "yes: `ml/taxonomy.py`, with codes"),
        ("Technique: histopathology for malignancy", "partly: in HAM10000 all melanomas"),
        ("Technique: how the algorithm was developed", "yes: *Network*, *Choices in training*"),
        ("Assessment: open to public evaluation", "yes: code, weights and commands are open"),
        ("Assessment: performance measures", RESULTS),
        ("Assessment: comparison with others", "partly: baselines; no clinicians"),
        ("Assessment: bias", "partly: *By group*, *Artefacts*"),
        ("Application: use cases and target conditions", "yes: *Use*"),
        ("Application: effect on patients and clinicians", "partly: *Use*; not studied"),
    )
    return f"""## CLEAR Derm

Daneshjou et al., JAMA Dermatology 2022, doi:10.1001/jamadermatol.2021.4915; the items in our words.

{table(("item", "met"), rows)}"""
