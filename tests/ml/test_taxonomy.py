from __future__ import annotations

import itertools

import pytest

from ml.taxonomy import (
    ANSWERS,
    BINARY_CLASSES,
    DIAGNOSES,
    DIAGNOSIS_CODES,
    LABELS,
    SEVEN_CODES,
    class_of,
    is_malignant,
)


def verhoeff(digits: str) -> bool:
    """Return whether the last digit is the Verhoeff check digit of those before it.

    SNOMED CT identifiers end in one (Release File Specifications, 6.3), so that a mistyped digit
    or two swapped ones show (Verhoeff, "Error detecting decimal codes", 1969).
    """
    check = 0
    for position, digit in enumerate(reversed(digits)):
        permuted = int(digit)
        for _ in range(position % 8):
            permuted = _PERMUTATION[permuted]
        check = _dihedral(check, permuted)
    return check == 0


#: Verhoeff's permutation of the digits; it is applied once more at every position.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _dihedral(a: int, b: int) -> int:
    """Multiply in the symmetry group of the pentagon: 0-4 are rotations, 5-9 reflections."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5


BY_CODE = {diagnosis.code: diagnosis for diagnosis in DIAGNOSES}
SNOMED_CT = [
    condition.snomed_ct
    for diagnosis in DIAGNOSES
    for condition in diagnosis.conditions
    if condition.snomed_ct
]


def test_the_diagnoses_come_in_a_fixed_order():
    assert DIAGNOSIS_CODES == ("akiec", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc")
    assert [d.code for d in DIAGNOSES if d.malignant] == ["akiec", "bcc", "mel", "scc"]


def test_what_earlier_networks_answer_keeps_its_order():
    assert SEVEN_CODES == ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    assert ANSWERS[SEVEN_CODES] == ("akiec", "bcc", "mel")
    assert ANSWERS[DIAGNOSIS_CODES] == ("akiec", "bcc", "mel", "scc")
    assert ANSWERS[BINARY_CLASSES] == ("malignant",)


def test_the_name_of_every_diagnosis_begins_with_a_capital():
    assert all(diagnosis.name[0].isupper() for diagnosis in DIAGNOSES)


def test_codes_are_given_where_one_is_right():
    assert {code: BY_CODE[code].snomed_ct for code in ("mel", "nv", "bcc")} == {
        "mel": "93655004",
        "nv": "400010006",
        "bcc": "254701007",
    }
    assert {code: BY_CODE[code].icd_o_3 for code in ("mel", "nv", "bcc", "df")} == {
        "mel": "8720/3",
        "nv": "8720/0",
        "bcc": "8090/3",
        "df": "8832/0",
    }


@pytest.mark.parametrize("code", ["akiec", "bkl", "scc", "vasc"])
def test_composites_have_no_code_of_their_own(code):
    assert len(BY_CODE[code].conditions) > 1
    assert (BY_CODE[code].snomed_ct, BY_CODE[code].icd_o_3) == (None, None)


def test_a_part_of_a_composite_keeps_its_code():
    keratosis = BY_CODE["akiec"].conditions[0]
    assert (keratosis.name, keratosis.snomed_ct) == ("actinic keratosis", "201101007")


@pytest.mark.parametrize("code", SNOMED_CT)
def test_every_snomed_ct_code_ends_in_its_check_digit(code):
    assert verhoeff(code)


@pytest.mark.parametrize("code", SNOMED_CT)
def test_a_mistyped_digit_or_two_swapped_ones_are_noticed(code):
    for place, digit in itertools.product(range(len(code)), "0123456789"):
        mistyped = code[:place] + digit + code[place + 1 :]
        assert verhoeff(mistyped) == (mistyped == code)
    for place in range(len(code) - 1):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert verhoeff(swapped) == (swapped == code)


def test_a_coarse_label_stands_for_all_it_leaves_open():
    assert LABELS["malignant"] == ("akiec", "bcc", "mel", "scc")
    assert LABELS["unknown"] == DIAGNOSIS_CODES
    assert set(LABELS["benign"]) | set(LABELS["malignant"]) == set(DIAGNOSIS_CODES)
    assert set(LABELS["not_melanoma"]) == set(DIAGNOSIS_CODES) - {"mel"}
    labels = ("mel", "nv", "benign", "malignant", "melanoma", "unknown")
    assert [is_malignant(label) for label in labels] == [True, False, False, True, True, None]


@pytest.mark.parametrize(
    ("label", "classes", "expected"),
    [
        ("mel", DIAGNOSIS_CODES, "mel"),
        ("mel", BINARY_CLASSES, "malignant"),
        ("nv", BINARY_CLASSES, "benign"),
        ("malignant", BINARY_CLASSES, "malignant"),
        ("malignant", DIAGNOSIS_CODES, None),
        ("scc", DIAGNOSIS_CODES, "scc"),
        ("scc", SEVEN_CODES, "akiec"),
        ("scc", BINARY_CLASSES, "malignant"),
        ("unknown", BINARY_CLASSES, None),
    ],
)
def test_a_label_means_one_class_or_leaves_it_open(label, classes, expected):
    assert class_of(label, classes) == expected
