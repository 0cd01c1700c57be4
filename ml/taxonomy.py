"""This module names the diagnoses a network can give, what they mean, and which are malignant.

Seven are those of HAM10000 (Tschandl, Rosendahl & Kittler, Scientific Data 2018,
doi:10.1038/sdata.2018.161). The eighth, squamous cell carcinoma, is that of ISIC 2019 and of
MILK10k. A code is given only where it says exactly what the pictures of a diagnosis show: four
diagnoses lump conditions that neither ICD-O-3 nor SNOMED CT has one code for, and any code would
claim more than the network knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BENIGN = "benign"
MALIGNANT = "malignant"

#: The two binary classes stand in this order; index 1 is the positive class of every binary score.
BINARY_CLASSES = (BENIGN, MALIGNANT)


@dataclass(frozen=True)
class Condition:
    """Holds a disease that terminologies know under one name.

    Attributes:
        name: the usual name, in lower case.
        snomed_ct: its SNOMED CT concept, or None where none was confirmed.
        icd_o_3: its ICD-O-3 morphology with behaviour, e.g. ``8720/3``; None for what is no
            neoplasm or has no code there.
    """

    name: str
    snomed_ct: str | None = None
    icd_o_3: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """Holds one answer of a network.

    Attributes:
        code: code as HAM10000 and the ISIC challenges write it, in lower case.
        name: name for a person.
        malignant: whether it counts as malignant; ``akiec`` is a precursor of, or already,
            a cancer that has not spread, and counts as the ISIC archive counts it.
        conditions: what the pictures under this label show.
    """

    code: str
    name: str
    malignant: bool
    conditions: tuple[Condition, ...]

    @property
    def snomed_ct(self) -> str | None:
        """Return the SNOMED CT concept of the diagnosis, or None for a composite."""
        return self.conditions[0].snomed_ct if len(self.conditions) == 1 else None

    @property
    def icd_o_3(self) -> str | None:
        """Return the ICD-O-3 morphology of the diagnosis, or None for a composite."""
        return self.conditions[0].icd_o_3 if len(self.conditions) == 1 else None


DIAGNOSES = (
    Diagnosis(
        "akiec",
        "Actinic keratosis or intraepithelial carcinoma",
        True,
        (
            Condition("actinic keratosis", snomed_ct="201101007"),
            Condition("intraepithelial carcinoma (Bowen disease)", icd_o_3="8081/2"),
        ),
    ),
    Diagnosis(
        "bcc",
        "Basal cell carcinoma",
        True,
        (Condition("basal cell carcinoma", snomed_ct="254701007", icd_o_3="8090/3"),),
    ),
    Diagnosis(
        "bkl",
        "Benign keratosis",
        False,
        (
            Condition("seborrhoeic keratosis"),
            Condition("solar lentigo", snomed_ct="72100002"),
            Condition("lichen planus-like keratosis"),
        ),
    ),
    Diagnosis(
        "df",
        "Dermatofibroma",
        False,
        (Condition("dermatofibroma", icd_o_3="8832/0"),),
    ),
    Diagnosis(
        "mel",
        "Melanoma",
        True,
        (Condition("melanoma of skin", snomed_ct="93655004", icd_o_3="8720/3"),),
    ),
    Diagnosis(
        "nv",
        "Melanocytic naevus",
        False,
        (Condition("melanocytic naevus", snomed_ct="400010006", icd_o_3="8720/0"),),
    ),
    Diagnosis(
        "scc",
        "Squamous cell carcinoma",
        True,
        (
            Condition("squamous cell carcinoma of skin", icd_o_3="8070/3"),
            # A third of MILK10k's pictures of this diagnosis show this condition.
            Condition("keratoacanthoma"),
        ),
    ),
    Diagnosis(
        "vasc",
        "Vascular lesion",
        False,
        (
            Condition("haemangioma", icd_o_3="9120/0"),
            Condition("angiokeratoma", icd_o_3="9141/0"),
            Condition("pyogenic granuloma"),
            Condition("haemorrhage"),
        ),
    ),
)

#: Every eight-way probability has this order.
DIAGNOSIS_CODES = tuple(diagnosis.code for diagnosis in DIAGNOSES)
MALIGNANT_CODES = tuple(diagnosis.code for diagnosis in DIAGNOSES if diagnosis.malignant)

#: Every seven-way probability has this order. These are HAM10000's diagnoses, with which earlier
#: networks answer.
SEVEN_CODES = tuple(code for code in DIAGNOSIS_CODES if code != "scc")

#: A network answers with one of these sets of classes; the values are the malignant ones.
ANSWERS = {
    BINARY_CLASSES: (MALIGNANT,),
    SEVEN_CODES: tuple(code for code in MALIGNANT_CODES if code in SEVEN_CODES),
    DIAGNOSIS_CODES: MALIGNANT_CODES,
}

#: Where only the seven are scored, a squamous cell carcinoma counts as this one of them, because it
#: is the cancer that ``akiec`` is the precursor of.
SCC_AMONG_SEVEN = "akiec"

#: A picture was taken through a dermoscope or as an ordinary photograph of a lesion; the words for
#: both are ISIC's. A picture that is `OTHER` shows no lesion at all.
DERMOSCOPIC = "dermoscopic"
CLINICAL = "clinical"
OTHER = "other"
IMAGE_TYPES = (DERMOSCOPIC, CLINICAL, OTHER)

#: A label of a manifest may stand for these diagnoses.
LABELS: dict[str, tuple[str, ...]] = {
    **{code: (code,) for code in DIAGNOSIS_CODES},
    BENIGN: tuple(code for code in DIAGNOSIS_CODES if code not in MALIGNANT_CODES),
    MALIGNANT: MALIGNANT_CODES,
    "melanoma": ("mel",),
    "not_melanoma": tuple(code for code in DIAGNOSIS_CODES if code != "mel"),
    "unknown": DIAGNOSIS_CODES,
}


def is_malignant(label: str) -> bool | None:
    """Return whether ``label`` (one of `LABELS`) is malignant; None where it leaves that open."""
    kinds = {code in MALIGNANT_CODES for code in LABELS[label]}
    return kinds.pop() if len(kinds) == 1 else None


def class_of(label: str, classes: Sequence[str]) -> str | None:
    """Return which of a network's ``classes`` ``label`` means, or None where it leaves that open.

    Args:
        label: one of `LABELS`.
        classes: benign and malignant, or the seven or eight diagnoses.
    """
    if label in classes:
        return label
    if label == "scc" and tuple(classes) == SEVEN_CODES:
        return SCC_AMONG_SEVEN
    malignant = is_malignant(label)
    if malignant is None or set(classes) != set(BINARY_CLASSES):
        return None
    return MALIGNANT if malignant else BENIGN
