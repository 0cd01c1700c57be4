from __future__ import annotations

import json

import pytest

from ml.__main__ import main
from ml.data.manifest import Sample, write_manifest
from ml.packaging.bundle import Bundle
from ml.taxonomy import DIAGNOSIS_CODES
from ml.training.variants import VARIANTS
from tests.lesions import render
from tests.ml import tiny

SOURCES = ("clinic", "hospital", "practice")


@pytest.fixture
def manifest(tmp_path):
    """Return a manifest of six pictures of each diagnosis from each of three sources."""
    samples = []
    for number, label in enumerate([*DIAGNOSIS_CODES] * 18):
        path = tmp_path / "pictures" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        render(number, (24, 24)).save(path)
        details = {"source": SOURCES[number // 8 % 3], "image_type": "dermoscopic"}
        samples.append(Sample(path, label, details=details))
    write_manifest(tmp_path / "all.csv", samples)
    return tmp_path / "all.csv"


@pytest.fixture
def options(manifest, tmp_path):
    given = ["--data", manifest, "--output", tmp_path / "ablations", "--batch-size", 8]
    given += ["--architecture", "efficientnet_lite0", "--passes", 32, "--round-passes", 16]
    given += ["--validation-share", 0.25, "--image-type-weight", 0.3, "--input-size", tiny.SIZE]
    for source in SOURCES:
        given += ["--share", f"{source}=0.3"]
    return ["ablate", *(str(option) for option in given)]


def test_every_choice_is_scored_on_the_sources_that_it_did_not_learn_from(
    options, seven_bundle, tmp_path
):
    chosen = ("base", "classes_equal", "without_sharpness")
    left_out = ("clinic", "practice")
    options += ["--left-out", *left_out, "--variants", *chosen]
    assert main([*options, "--record", str(seven_bundle.directory)]) == 0

    output = tmp_path / "ablations"
    results = json.loads((output / "ablations.json").read_text())
    assert [row["name"] for row in results["rows"]] == list(chosen)
    for row in results["rows"]:
        assert row["scores"].keys() == {
            f"{score}, {source} left out"
            for source in left_out
            for score in ("malignant_auroc", "image_type_accuracy")
        }
    assert str(tmp_path) not in results["command"]
    assert Bundle.read(seven_bundle.directory).metrics["ablations"] == results
    for name in chosen:
        for source in left_out:
            run = output / f"{name}-without-{source}"
            data = json.loads((run / "data.json").read_text())
            assert data["domains"][source]["training"] == 0
            assert data["domains"][source]["validation"] == 48
            settings = json.loads((run / "settings.json").read_text())
            assert settings["shares"] == {other: 0.3 for other in SOURCES if other != source}
            base = json.loads((output / f"base-without-{source}/settings.json").read_text())
            changed = {key: value for key, value in settings.items() if value != base[key]}
            assert changed == VARIANTS[name][1]


def test_sources_to_leave_out_must_be_named(options, tiny_network, capsys):
    assert main(options) == 2
    assert "--left-out" in capsys.readouterr().err
