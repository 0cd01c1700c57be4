from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from ml.packaging.bundle import Bundle, BundleError, available, find
from ml.taxonomy import IMAGE_TYPES

CONTENT = b"the weights"
CLINICAL = {
    "calibration": {"temperature": 1.5, "bias": [0.0]},
    "threshold": 0.4,
    "operating_point": {},
}
THRESHOLDS = {"dermoscopic": 0.8, "clinical": 0.2, "other": 0.4, "accepted": 0.98}


@pytest.fixture
def bundle(tmp_path):
    directory = tmp_path / "seven-stage"
    directory.mkdir()
    (directory / "weights.npz").write_bytes(CONTENT)
    made = Bundle(
        directory=directory,
        name="seven-stage",
        version="1.0.0",
        licence="CC0",
        architecture="seven_stage",
        input_size=224,
        classes=("benign", "malignant"),
        malignant=("malignant",),
        calibration={"temperature": 1.0, "bias": [0.0]},
        threshold=0.5,
        operating_point={},
        novelty={},
        weights="weights.npz",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        limits_sha256="",
        training={"seed": 1},
        data={"training": {"benign": 3}},
        metrics={"validation": {"accuracy": 0.9}},
        created="2026-01-01T00:00:00+00:00",
    )
    made.write()
    return made


def change(bundle, **changes):
    path = bundle.directory / "model.json"
    description = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in description.items() if v is not None}))


def test_a_bundle_comes_back_as_it_was_written(bundle):
    assert Bundle.read(bundle.directory) == bundle
    assert Bundle.read(str(bundle.directory)) == bundle


def test_the_right_weights_are_verified(bundle):
    bundle.verify()


def test_other_weights_are_refused(bundle):
    bundle.weights_path.write_bytes(CONTENT[:-1])
    with pytest.raises(BundleError, match=r"not the file that was exported.*Expected SHA-256"):
        bundle.verify()


def test_missing_weights_are_refused(bundle):
    bundle.weights_path.unlink()
    with pytest.raises(BundleError, match=r"cannot be read \(No such file"):
        bundle.verify()


def test_reading_does_not_touch_the_weights(bundle):
    bundle.weights_path.unlink()
    assert Bundle.read(bundle.directory).name == "seven-stage"


def test_a_directory_without_a_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no model bundle"):
        Bundle.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xff", b"null", b"[]", b'"text"'])
def test_a_description_that_is_no_description_is_refused(bundle, content):
    (bundle.directory / "model.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.json"):
        Bundle.read(bundle.directory)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": None}, "must have the fields"),
        ({"surprise": 1}, "must have the fields"),
        ({"name": 3}, "name must be of type str"),
        ({"input_size": "224"}, "input_size must be of type int"),
        ({"input_size": True}, "input_size must be of type int"),
        ({"input_size": 0}, "input_size must be in 1..1024"),
        ({"classes": "benign"}, "classes must be of type tuple"),
        ({"classes": ["benign", 1]}, "classes must be of type tuple"),
        ({"input_size": 1025}, "input_size must be in 1..1024"),
        ({"calibration": {"temperature": 1.0}}, "calibration must be a temperature"),
        ({"calibration": {"temperature": 0, "bias": [0.0]}}, "calibration must be a temperature"),
        ({"calibration": {"temperature": 1, "bias": [0, 0]}}, "calibration must be a temperature"),
        ({"calibration": {"temperature": 1, "bias": ["0"]}}, "calibration must be a temperature"),
        ({"operating_point": {"sensitivity": 0.9}}, "operating_point must be empty, or"),
        ({"metrics": []}, "metrics must be of type dict"),
        ({"architecture": "os"}, "architecture must be one of"),
        ({"malignant": ["melanoma"]}, "malignant must be some of the classes"),
        ({"threshold": 1.5}, "threshold must be in 0..1"),
        ({"threshold": float("nan")}, "threshold must be in 0..1"),
        ({"weights": "../weights.npz"}, "weights must be a plain file name"),
        ({"weights": "/etc/passwd"}, "weights must be a plain file name"),
        ({"image_types": ["clinical"]}, "image_types must be empty, or"),
        # This bundle tells no image types.
        ({"clinical": CLINICAL}, "clinical must be empty, or"),
        ({"image_type_thresholds": THRESHOLDS}, "image_type_thresholds must be empty, or"),
    ],
)
def test_a_wrong_description_is_refused_by_field(bundle, changes, message):
    change(bundle, **changes)
    with pytest.raises(BundleError, match=message):
        Bundle.read(bundle.directory)


def test_a_bundle_that_tells_image_types_says_by_what(bundle):
    told = replace(
        bundle, image_types=IMAGE_TYPES, clinical=CLINICAL, image_type_thresholds=THRESHOLDS
    )
    told.write()
    assert Bundle.read(bundle.directory) == told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clinical": {"threshold": 0.5}}, "clinical must be empty, or"),
        ({"clinical": CLINICAL | {"threshold": 2}}, "clinical must be empty, or"),
        ({"clinical": CLINICAL | {"calibration": 3}}, "clinical must be empty, or"),
        ({"clinical": CLINICAL | {"calibration": {}}}, "clinical must be empty, or"),
        ({"clinical": CLINICAL | {"operating_point": 1}}, "clinical must be empty, or"),
        ({"image_type_thresholds": {"other": 0.5}}, "image_type_thresholds must be empty, or"),
        (
            {"image_type_thresholds": THRESHOLDS | {"clinical": 0.9}},
            "that of clinical not above that of dermoscopic",
        ),
        (
            {"image_type_thresholds": THRESHOLDS | {"other": "0.4"}},
            "image_type_thresholds must be empty, or",
        ),
    ],
)
def test_what_is_wrong_about_image_types_is_refused_by_field(bundle, changes, message):
    change(bundle, image_types=list(IMAGE_TYPES), **changes)
    with pytest.raises(BundleError, match=message):
        Bundle.read(bundle.directory)


def test_a_bundle_of_before_there_were_image_types_is_read(bundle):
    change(bundle, image_types=None, clinical=None, image_type_thresholds=None)
    read = Bundle.read(bundle.directory)
    assert (read.image_types, read.clinical, read.image_type_thresholds) == ((), {}, {})


def test_a_whole_number_is_a_threshold_too(bundle):
    change(bundle, threshold=1)
    assert Bundle.read(bundle.directory).threshold == 1.0


def test_metrics_are_recorded_beside_those_that_are_there(bundle):
    updated = bundle.record({"de_leaked": {"auroc": 0.95}})
    assert updated.metrics == {"validation": {"accuracy": 0.9}, "de_leaked": {"auroc": 0.95}}
    assert Bundle.read(bundle.directory) == updated == replace(bundle, metrics=updated.metrics)


def test_bundles_are_found_by_name(bundle):
    directory = bundle.directory.parent
    assert available(directory) == [bundle]
    assert find("seven-stage", directory) == bundle
    for name in ("other", "../seven-stage", ""):
        with pytest.raises(BundleError, match="choose one of: seven-stage"):
            find(name, directory)


def test_without_bundles_none_is_available(tmp_path):
    assert available(tmp_path) == []
    with pytest.raises(BundleError, match="choose one of: none"):
        find("seven-stage", tmp_path)
