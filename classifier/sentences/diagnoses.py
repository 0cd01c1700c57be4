"""Name the classes that a network answers with, and explain the diagnoses among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Explained(NamedTuple):
    """Holds the name of a class and a plain explanation, which is empty where it needs none."""

    name: str
    plain: str = ""


#: A network that names no diagnosis answers with these two.
BINARY = {"benign": Explained("benign"), "malignant": Explained("malignant")}

#: They go by the codes of `ml.taxonomy.DIAGNOSES`, which the model cards call by the same names.
DIAGNOSES = {
    "akiec": Explained(
        "Actinic keratosis or intraepithelial carcinoma",
        "This is a rough, scaly patch from years of sun. It can turn into skin cancer, or it is "
        "a very early one that has not grown deeper.",
    ),
    "bcc": Explained(
        "Basal cell carcinoma",
        "This is the most common skin cancer. It grows slowly and rarely spreads. "
        "It needs treatment.",
    ),
    "bkl": Explained(
        "Benign keratosis",
        "This is a harmless spot that is brown or thick, such as an age spot.",
    ),
    "df": Explained(
        "Dermatofibroma", "This is a harmless, firm little lump in the skin, often on the legs."
    ),
    "mel": Explained(
        "Melanoma",
        "This is a skin cancer of the cells that give skin its colour. It can spread. "
        "It can usually be cured if it is treated early.",
    ),
    "nv": Explained(
        "Melanocytic naevus",
        "This is a mole. It is a harmless group of the cells that give skin its colour.",
    ),
    "scc": Explained(
        "Squamous cell carcinoma",
        "This is a common skin cancer that grows from the upper layer of the skin. "
        "It can spread if it is left alone. It needs treatment.",
    ),
    "vasc": Explained(
        "Vascular lesion",
        "This is a harmless spot made of blood vessels, or of blood under the skin.",
    ),
}


def explain_class(code: str, stored: Mapping[str, Mapping[str, str]]) -> Explained:
    """Return what to call a class and what it is.

    Args:
        code: one of the classes of a network.
        stored: words by code, as earlier releases kept them with each network. They count for
            codes that are not known here any more.
    """
    if known := (DIAGNOSES | BINARY).get(code):
        return known
    kept = stored.get(code, {})
    return Explained(kept.get("name", code), kept.get("plain", ""))
