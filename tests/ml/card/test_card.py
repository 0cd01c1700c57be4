"""The card says what is in the bundle, and that the rest was not measured."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from ml import card
from ml.card.tables import NOT_MEASURED, counts, estimate, table
from ml.packaging.bundle import available, find
from tests.site import ROOT

SECTIONS = (
    "Use",
    "Network",
    "Data",
    "Splits and leaks",
    "Results",
    "By group",
    "Artefacts",
    "Calibration and decision",
    "Reliability by source",
    "Kinds of picture",
    "Sets of diagnoses, and not being sure",
    "Pictures it refuses",
    "Eight looks instead of one",
    "Heat maps",
    "Choices in training",
    "Failures",
    "Limits",
    "Identity",
)


def section(text: str, name: str) -> str:
    return text.split(f"\n## {name}\n")[1].split("\n## ")[0]


SHIPPED = pytest.mark.parametrize("bundle", available(), ids=lambda bundle: bundle.name)


@SHIPPED
def test_the_card_of_what_ships_has_every_section(bundle):
    text = card.render(bundle)
    assert text.startswith(f"# {bundle.name} {bundle.version}\n")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert tuple(headings[: len(SECTIONS)]) == SECTIONS
    assert any("TRIPOD+AI" in heading for heading in headings)
    assert any("CLEAR Derm" in heading for heading in headings)
    assert bundle.sha256 in text
    assert bundle.licence in text
    for line in ("no medical device", "deciding whether a person is ill", "Not for"):
        assert line in text
    assert "None" not in text
    assert "nan" not in re.findall(r"\b\w+\b", text)


@SHIPPED
def test_tables_have_as_many_cells_in_every_line(bundle):
    tables = re.findall(r"(?:^\|.*\n?)+", card.render(bundle), re.MULTILINE)
    assert len(tables) > 5
    for lines in tables:
        assert len({line.count("|") for line in lines.splitlines()}) == 1


def test_what_was_not_measured_is_said_to_be_so(seven_bundle):
    text = card.render(seven_bundle)
    given = {
        "Use",
        "Network",
        "Data",
        "Calibration and decision",
        "Kinds of picture",
        "Limits",
        "Identity",
    }
    for name in set(SECTIONS) - given:
        assert NOT_MEASURED in section(text, name)
    assert "![" not in text
    assert "nothing was fitted" in section(text, "Calibration and decision")


def test_the_stages_of_training_stand_in_their_order(seven_bundle):
    first = {"input_size": 128, "epochs": 9, "batch_size": 32, "learning_rate": 4e-4}
    second = first | {"input_size": 160, "epochs": 5, "earlier": first | {"pretrained": True}}
    third = {"input_size": 192, "passes": 90000, "augmentation": "all", "earlier": second}
    text = section(card.render(replace(seven_bundle, training=third)), "Network")
    rows = re.findall(r"^\| stage (\d) \| (\d+) \| (.*?) \|.*\| (.*) \|$", text, re.MULTILINE)
    assert rows == [
        ("1", "128", "9 epochs", "not recorded"),
        ("2", "160", "5 epochs", "not recorded"),
        ("3", "192", "90,000 passes", "all"),
    ]
    assert "ImageNet" in text


#: These hold of the default network alone, and never of one that was not made like it.
OF_LESION_NET = (
    "marginal likelihood",
    "HAM10000",
    "histopathology, follow-up",
    "isic2017",
    "MILK10k",
    "Coverage is promised",
    "calibrated",
    "held_out`",
    "hair, rulers and ink",
    "Dermatofibroma",
    "seven-stage --near",
    "passes for one of a lesion",
    "yes: weights by class",
    "yes: as it was recorded",
    "ml audit",
    "ml explain",
)


@pytest.mark.parametrize("fact", OF_LESION_NET)
def test_a_card_states_a_fact_of_the_network_that_it_belongs_to_alone(fact):
    assert fact in card.render(find("lesion-net"))
    assert fact not in card.render(find("seven-stage"))


def test_the_network_of_the_demo_has_a_card_of_what_it_is():
    text = card.render(find("seven-stage"))
    assert "probabilities of benign and malignant" in text
    assert "Kept was epoch 31 of 32" in section(text, "Network")
    assert "nothing was fitted" in section(text, "Calibration and decision")
    assert "50 % of `official_split` and 25 % of `de_leaked`" in section(text, "Limits")
    assert "was not counted" in section(text, "Splits and leaks")


@SHIPPED
def test_test_sets_are_titled_as_the_metrics_say(bundle):
    headings = re.findall(r"^### (.*)$", section(card.render(bundle), "Results"), re.MULTILINE)
    sets = [result for result in bundle.metrics.values() if "groups" in result]
    assert headings == [result["title"] for result in sets]
    assert len(headings) == {"lesion-net": 4, "seven-stage": 2}[bundle.name]


def test_a_test_set_without_a_title_is_called_by_its_name():
    bundle = find("seven-stage")
    untitled = {key: value for key, value in bundle.metrics["de_leaked"].items() if key != "title"}
    text = card.render(replace(bundle, metrics={"another_clinic": untitled}))
    assert "### Another clinic\n" in section(text, "Results")


def test_a_collection_that_nobody_has_described_is_named(seven_bundle):
    text = section(card.render(replace(seven_bundle, data={"sources": ["clinic.csv"]})), "Data")
    assert "| clinic.csv | not known |" in text


def test_the_number_of_diagnoses_is_that_of_the_bundle(eight_bundle):
    assert "8 diagnoses, of which 4 count as malignant" in card.render(eight_bundle)


def estimated(value):
    return {"value": value, "low": value, "high": value}


def test_a_source_that_is_badly_calibrated_gets_a_sentence(telling_bundle):
    scores = {"pictures": 400, "malignant": 0.5, "said": 0.4}
    domains = {
        "ham10000": scores | {"ece": estimated(0.3), "ece_of_mix": estimated(0.02)},
        "milk10k/clinical": scores | {"ece": estimated(0.1), "ece_of_mix": estimated(0.17)},
        "isic2020": scores,
    }
    found = {"malignant_share": 0.2, "fitted_to": ["ham10000"], "domains": domains}
    bundle = replace(telling_bundle, metrics={"reliability": found})
    text = section(card.render(bundle), "Reliability by source")
    assert "as if 20 % of the pictures were malignant" in text
    assert "Pictures of MILK10k, clinical are badly calibrated" in text
    assert "off by 17 percentage points" in text
    assert text.count("badly calibrated") == 1
    assert "| ISIC 2020 | 400 | 0.500 | 0.400 | not enough data | not enough data |" in text


CLINICAL = {
    "calibration": {"temperature": 2.5, "bias": [0.0] * 8},
    "threshold": 0.5,
    "operating_point": {"sensitivity": 0.9, "threshold": 0.123, "pictures": 77},
}


def test_scores_of_a_test_set_stand_under_neither_kind_of_picture(telling_bundle):
    point = CLINICAL["operating_point"] | {"validation": {"sensitivity": estimated(0.5)}}
    sets = {
        name: {
            "pictures": {"mel": 9},
            "groups": 9,
            "melanoma": {},
            "at_operating_point": scores,
        }
        for name, scores in {
            "milk10k": {"sensitivity": estimated(0.875), "specificity": estimated(0.75)},
            "held_out_clinical": {"sensitivity": estimated(0.625), "specificity": estimated(0.25)},
        }.items()
    }
    bundle = replace(telling_bundle, clinical=CLINICAL, operating_point=point, metrics=sets)
    text = section(card.render(bundle), "Calibration and decision")
    kinds, test_sets = text.split("**Test sets.**")
    assert "validation, cross-validated | 0.500" in kinds
    for name, value in (("milk10k", "0.875"), ("held_out_clinical", "0.625")):
        assert name not in kinds
        assert f"| `{name}` | {value} " in test_sets


def test_kinds_of_picture_are_described_with_what_is_called_what(telling_bundle):
    shares = {"pictures": 50, "dermoscopic": 0.9, "clinical": 0.02, "other": 0.0, "between": 0.08}
    chosen = {"dermoscopic": 0.8, "clinical": 0.1, "other": 0.4, "accepted": 0.98}
    bundle = replace(
        telling_bundle,
        clinical=CLINICAL,
        image_type_thresholds=chosen | {"called": {"ham10000": shares}},
    )
    text = card.render(bundle)
    kinds = section(text, "Kinds of picture")
    assert "from a probability of 0.400 on" in kinds
    assert "| HAM10000 | 50 | 0.900 | 0.020 | 0.000 | 0.080 |" in kinds
    decision = section(text, "Calibration and decision")
    assert "**Clinical pictures.** Probabilities are `softmax(logits / 2.500)`" in decision
    assert "from 0.123 on" in decision
    assert "without a dermatoscope" not in text


def test_groups_without_enough_lesions_say_so():
    bundle = find("lesion-net")
    scores = {name: estimated(0.75) for name in ("auroc", "sensitivity")}
    groups = {
        "3": {"pictures": 90, "lesions": 31, "judged": estimated(0.5)} | scores,
        "6": {"pictures": 12, "lesions": 2, "judged": estimated(0.25)},
    }
    held_out = bundle.metrics["held_out"] | {
        "subgroups": {"skin_tone_class": groups},
        "by_class": {"df": {"pictures": 9}},
        "screened": {
            "judged": {"all": estimated(0.875), "benign": estimated(None)},
            "problems": {"too_small": 3},
            "called": {},
            "scores": scores,
        },
    }
    text = card.render(replace(bundle, metrics={"held_out": held_out}))
    by_group = section(text, "By group")
    assert "**Skin tone, as it was recorded** (`held_out`)" in by_group
    assert "| 3 | 90 | 31 | 0.500 (0.500 to 0.500) | 0.750" in by_group
    assert "| 6 | 12 | 2 | 0.250 (0.250 to 0.250) | not enough data | not enough data |" in by_group
    assert "fewer than 30 malignant lesions" in by_group
    results = section(text, "Results")
    assert "| Dermatofibroma (df) | 9 | not enough data |" in results
    assert (
        "Judged are 0.875 (0.875 to 0.875) of the pictures. Rejected are 3 as too small." in results
    )
    assert "as it was recorded" in text.split("CLEAR Derm")[1]


def test_a_set_that_knows_of_melanoma_alone_is_shown(telling_bundle):
    result = {"pictures": {"melanoma": 9}, "groups": 9, "melanoma": {"auroc": estimated(0.875)}}
    text = card.render(replace(telling_bundle, metrics={"isic2017": result}))
    assert "| AUROC | 0.875 (0.875 to 0.875) |" in section(text, "Results")


@pytest.mark.parametrize(("source", "at_home"), [("ham10000", True), ("isic2017", False)])
def test_a_network_is_tested_at_home_by_the_sources_of_its_test_sets(
    telling_bundle, source, at_home
):
    data = {"sources": ["ham10000.csv"], "held_out": ["ham10000-held-out.csv", "isic2017.csv"]}
    result = {"pictures": {"melanoma": 9}, "groups": 9, "melanoma": {"auroc": estimated(0.875)}}
    metrics = {"held_out": result | {"sources": [source]}}
    text = section(card.render(replace(telling_bundle, data=data, metrics=metrics)), "Limits")
    assert ("come from the same collections" in text) == at_home


def test_a_bias_of_a_single_output_belongs_to_malignant(tiny_bundle):
    calibrated = replace(tiny_bundle, calibration={"temperature": 1.5, "bias": [-0.25]})
    text = section(card.render(calibrated), "Calibration and decision")
    assert "`sigmoid(logits / 1.500 + bias)`, with a bias of malignant -0.25" in text


def test_pieces_of_a_table_are_written_as_a_person_reads_them():
    assert table(("a", "b"), [("1|2", "3")]) == "| a | b |\n| --- | --- |\n| 1/2 | 3 |"
    assert estimate({"value": 0.5, "low": 0.25, "high": 0.75}) == "0.500 (0.250 to 0.750)"
    assert estimate({"value": None, "low": None, "high": None}) == "not defined"
    assert estimate(None) == "not defined"
    assert counts({"nv": 1200, "mel": 3}) == "1,200 nv, 3 mel"
    assert counts({}) == "none"


@SHIPPED
def test_every_column_has_a_heading(bundle):
    lines = card.render(bundle).splitlines()
    headings = [before for before, line in pairwise(lines) if "| --- |" in line]
    assert len(headings) > 5
    assert not any(re.search(r"\|\s*\|", heading) for heading in headings)


@pytest.mark.parametrize("name", ["lesion-net", "seven-stage"])
def test_the_card_beside_a_shipped_network_is_what_its_figures_give(name):
    bundle = find(name)
    assert bundle.read_card() == card.render(bundle)


def test_the_card_in_the_documentation_is_that_of_the_default_network():
    written = (ROOT / "docs" / "model-card.md").read_text(encoding="utf-8")
    assert written == card.render(find("lesion-net"), "../ml/bundles/lesion-net/report")
