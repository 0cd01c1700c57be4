from __future__ import annotations

import pytest

from ml.data.manifest import Sample
from ml.measuring.subgroups import age_band, subgroups
from tests.lesions import render

FEMALE = {
    "sex": "female",
    "age": "72",
    "site": "back",
    "skin_tone_class": "3",
    "image_type": "clinical",
}


def test_every_picture_is_in_one_subgroup_of_each_kind(tmp_path):
    samples = []
    for number, details in enumerate((FEMALE, {})):
        path = tmp_path / f"{number}.png"
        render(number, (60, 60)).save(path)
        samples.append(Sample(path, "nv", details=details))
    found = {kind: names.tolist() for kind, names in subgroups(samples).items()}
    tones = found.pop("skin_tone")
    assert found == {
        "sex": ["female", "not known"],
        "age": ["70 and older", "not known"],
        "site": ["back", "not known"],
        "skin_tone_class": ["3", "not known"],
        "source": ["not known", "not known"],
        "image_type": ["clinical", "not known"],
        "diagnosis": ["nv", "nv"],
    }
    assert "not known" not in tones


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("0", "0 to 29"),
        ("29.9", "0 to 29"),
        ("30", "30 to 49"),
        ("50.0", "50 to 69"),
        ("70", "70 and older"),
        ("", "not known"),
        ("old", "not known"),
        ("-1", "not known"),
        ("nan", "not known"),
    ],
)
def test_ages_are_banded(age, band):
    assert age_band(age) == band
