from __future__ import annotations

import json

import pytest

from ml import ablation
from ml.__main__ import main
from ml.bundle import Bundle
from ml.manifest import Sample, write_manifest
from ml.taxonomy import DIAGNOSIS_CODES
from tests.lesions import render

# Keras 3.15 reads TensorFlow's variables this way when it saves weights.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


@pytest.fixture
def manifest(tmp_path):
    """Eight pictures of each diagnosis, and eight of which only malignant is known."""
    samples = []
    for number, label in enumerate([*DIAGNOSIS_CODES, "malignant"] * 8):
        path = tmp_path / "pictures" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        render(number, (24, 24)).save(path)
        samples.append(Sample(path, label))
    write_manifest(tmp_path / "all.csv", samples)
    return tmp_path / "all.csv"


def test_every_choice_is_changed_alone_and_scored_on_the_same_pictures(
    manifest, seven_bundle, tmp_path, monkeypatch
):
    chosen = ("base", "classes_equal", "seven_labels_only", "without_sharpness")
    variants = {name: ablation.VARIANTS[name] for name in chosen}
    monkeypatch.setattr(ablation, "VARIANTS", variants)
    output = tmp_path / "ablations"
    options = ["--data", manifest, "--output", output, "--record", seven_bundle.directory]
    options += ["--architecture", "efficientnet_lite0", "--epochs", 1, "--batch-size", 8]
    options += ["--validation-share", 0.25, "--class-balance", 0.5]
    assert main(["ablate", *(str(option) for option in options)]) == 0

    results = json.loads((output / "ablations.json").read_text())
    assert [row["name"] for row in results["rows"]] == list(chosen)
    for row in results["rows"]:
        assert row["scores"].keys() == results["rows"][0]["scores"].keys()
        assert "malignant_auroc low_resolution" in row["scores"]
        assert all(0 <= value <= 1 for value in row["scores"].values())
    assert str(tmp_path) not in results["command"]
    assert Bundle.read(seven_bundle.directory).metrics["ablations"] == results
    settings = [json.loads((output / name / "settings.json").read_text()) for name in chosen]
    changed = [
        {key: value for key, value in each.items() if value != settings[0][key]}
        for each in settings
    ]
    assert changed == [{}, *(variants[name][1] for name in chosen[1:])]
