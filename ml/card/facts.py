"""This module tells facts about a bundle that several sections of its card depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ml.packaging.bundle import Bundle
from ml.taxonomy import LABELS


class Collection(NamedTuple):
    """Describes a public collection of pictures, as its publishers do."""

    name: str
    licence: str
    labels: str
    reference: str


_MELANOMA = Collection(
    "Melanoma Cancer Image Dataset",
    "unclear: collected from public dermoscopy sources",
    "benign or malignant, by folder; how that was found is not said",
    "published on Kaggle",
)
_HAM10000 = Collection(
    "HAM10000",
    "CC BY-NC 4.0",
    "from histopathology, follow-up, consensus of experts or confocal microscopy; every melanoma from histopathology",
    "Tschandl, Rosendahl & Kittler, Scientific Data 2018, doi:10.1038/sdata.2018.161",
)
_ISIC_2017 = Collection(
    "ISIC 2017 challenge, training and validation part",
    "CC0",
    "as the challenge gives them",
    "Codella et al., arXiv 1710.05006",
)
_MILK10K = Collection(
    "MILK10k",
    "CC BY-NC 4.0",
    "from histopathology of 95.7 % of the lesions; each was taken through a dermoscope and as an ordinary photograph",
    "MILK study team, ISIC Archive 2025",
)
_ISIC_2020 = Collection(
    "ISIC 2020 challenge, a part of its training pictures",
    "CC BY-NC 4.0",
    "malignant ones from histopathology, benign ones also from follow-up or experts",
    "Rotemberg et al., Scientific Data 2021, doi:10.1038/s41597-021-00815-z",
)
_BCN20000 = Collection(
    "BCN20000, as in the ISIC 2019 challenge, at 84 pixels",
    "CC BY-NC 4.0",
    "as its publishers give them",
    "Hernández-Pérez et al., Scientific Data 2024, doi:10.1038/s41597-024-03387-w",
)
_PAD_UFES_20 = Collection(
    "PAD-UFES-20, a part",
    "CC BY 4.0",
    "of few; most of these ordinary photographs were learnt from as such, without a diagnosis",
    "Pacheco et al., Data in Brief 2020, doi:10.1016/j.dib.2020.106221",
)
_OTHER_THINGS = Collection(
    "pictures of other things",
    "free licences of many kinds",
    "none: they show no lesion",
    "wallpapers, drawings and figures in packages of Debian",
)
#: The keys are parts of the names that collections have in the report of a run.
_COLLECTIONS = {
    "ham10000": _HAM10000,
    "isic2017": _ISIC_2017,
    "isic2020": _ISIC_2020,
    "milk10k": _MILK10K,
    "bcn20000": _BCN20000,
    "pad_ufes_20": _PAD_UFES_20,
    "other_things": _OTHER_THINGS,
    "others": _OTHER_THINGS,
    "melanoma_cancer_dataset": _MELANOMA,
    "seed": _MELANOMA,
}


def collection_of(source: str) -> Collection:
    """Return the collection that a source's name means, or one of which nothing is known."""
    for part, collection in _COLLECTIONS.items():
        if part in source:
            return collection
    return Collection(source, "not known", "not known", "none")


def collections(sources: Iterable[str]) -> list[Collection]:
    """Return the collections of some sources, each once."""
    return list(dict.fromkeys(map(collection_of, sources)))


def labels_from_histopathology(bundle: Bundle) -> str:
    """Return which of the bundle's collections say that histopathology confirms malignancy."""
    known = collections(bundle.data.get("sources", []))
    return ", ".join(found.name for found in known if "histopathology" in found.labels)


def is_tested_at_home(bundle: Bundle) -> bool:
    """Return whether every set it was measured on comes from a collection it learnt from.

    A set that was held out need not have been measured yet, so that the sources of the sets count.
    Those that were measured earlier lack them.
    """
    learnt = collections(bundle.data.get("sources", []))
    sources = {
        source for result in measured_sets(bundle).values() for source in result.get("sources", [])
    }
    tested = collections(sources or bundle.data.get("held_out", []))
    return bool(tested) and set(tested) <= set(learnt)


def measured_sets(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """Return the results of the test sets, by name, in the order of the metrics."""
    return {
        name: result
        for name, result in bundle.metrics.items()
        if isinstance(result, dict)
        and {"pictures", "groups"} <= result.keys()
        and not result.keys().isdisjoint({"model", "melanoma"})
    }


def has_part(bundle: Bundle, part: str) -> bool:
    """Return whether a part of the scores, such as ``subgroups``, was measured on a test set."""
    return any(result.get(part) for result in measured_sets(bundle).values())


def has_subgroup(bundle: Bundle, kind: str) -> bool:
    """Return whether any test set was scored by one kind of subgroup, such as ``skin_tone``."""
    return any(result.get("subgroups", {}).get(kind) for result in measured_sets(bundle).values())


def is_calibrated(bundle: Bundle) -> bool:
    """Return whether a temperature or a bias was fitted."""
    return bundle.calibration["temperature"] != 1 or any(bundle.calibration["bias"])


def stages(bundle: Bundle) -> list[dict[str, Any]]:
    """Return the settings of the runs that each went on from the one before, in their order."""
    found: list[dict[str, Any]] = []
    training = bundle.training
    while training:
        found.insert(0, training)
        training = training.get("earlier") or {}
    return found


def learns_from_open_labels(bundle: Bundle) -> bool:
    """Return whether it names diagnoses, but also learnt from labels that leave them open."""
    learnt = bundle.data.get("training", {})
    return len(bundle.classes) > 2 and any(len(LABELS[label]) > 1 for label in learnt)
