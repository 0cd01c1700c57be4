from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.judging import conformal, limits
from ml.packaging.bundle import Bundle, BundleError
from ml.taxonomy import BINARY_CLASSES


@pytest.fixture
def bundle(seven_bundle):
    return seven_bundle


def test_a_bundle_without_the_file_has_no_limits(bundle):
    assert limits.read(bundle) == {}
    assert limits.conformal_scores({}, limits.PLAIN) == {}


def test_what_is_written_is_read_and_what_was_there_stays(bundle):
    arrays = {"novelty/mean": np.arange(3), "novelty/components": np.eye(3)}
    first = limits.write(bundle, arrays, limits.OF_SCREENING)
    second = limits.write(first, {"plain/benign": np.array([0.5])}, limits.OF_CALIBRATION)
    second.write()
    found = limits.read(Bundle.read(bundle.directory))
    assert found.keys() == {"novelty/mean", "novelty/components", "plain/benign"}
    assert limits.novelty_arrays(found)["mean"].tolist() == [0, 1, 2]
    assert limits.conformal_scores(found, limits.PLAIN).keys() == {"benign"}
    assert limits.conformal_scores(found, limits.AVERAGED) == {}
    assert not list(bundle.directory.glob("*.part"))


def test_the_scores_of_clinical_pictures_are_kept_apart(bundle):
    names = [
        limits.conformal_name(limits.PLAIN, "benign", name) for name in ("dermoscopic", "clinical")
    ]
    assert names == ["plain/benign", "plain/clinical/benign"]
    scores = {names[0]: np.array([0.5]), names[1]: np.array([0.25])}
    written = limits.write(bundle, scores, limits.OF_CALIBRATION)
    found = limits.read(written)
    assert limits.conformal_scores(found, limits.PLAIN) == {"benign": np.array([0.5])}
    assert limits.conformal_scores(found, limits.PLAIN, "clinical") == {"benign": np.array([0.25])}
    # Calibrating again, on dermoscopic pictures alone, leaves nothing of the others.
    again = limits.write(written, {names[0]: np.array([0.75])}, limits.OF_CALIBRATION)
    assert limits.conformal_scores(limits.read(again), limits.PLAIN, "clinical") == {}


def test_arrays_of_another_way_to_tell_strange_pictures_do_not_stay(bundle):
    calibrated = limits.write(bundle, {"plain/benign": np.array([0.5])}, limits.OF_CALIBRATION)
    first = limits.write(calibrated, {"novelty/mean": np.arange(3)}, limits.OF_SCREENING)
    second = limits.write(first, {"novelty/direction": np.ones(3)}, limits.OF_SCREENING)
    assert limits.read(second).keys() == {"novelty/direction", "plain/benign"}
    # The energy needs no array.
    third = limits.write(second, {}, limits.OF_SCREENING)
    assert limits.read(third).keys() == {"plain/benign"}


def test_scores_of_an_earlier_calibration_do_not_stay(bundle):
    arrays = {"plain/benign": np.array([0.5]), "averaged/clinical/benign": np.array([0.5])}
    first = limits.write(bundle, arrays, limits.OF_CALIBRATION)
    second = limits.write(first, {"plain/benign": np.array([0.25])}, limits.OF_CALIBRATION)
    assert limits.read(second).keys() == {"plain/benign"}


def test_a_bundle_without_any_array_has_no_file(bundle):
    written = limits.write(bundle, {"plain/benign": np.array([0.5])}, limits.OF_CALIBRATION)
    emptied = limits.write(written, {}, limits.OF_CALIBRATION)
    emptied.write()
    again = Bundle.read(bundle.directory)
    again.verify()
    assert again.limits_sha256 == ""
    assert limits.read(again) == {}
    assert not again.limits_path.exists()


def test_a_set_holds_the_diagnosis_with_just_the_lowest_probability(bundle):
    """Single precision rounds 0.1 up."""
    scores = {f"plain/{group}": np.full(200, 0.1) for group in BINARY_CLASSES}
    kept = limits.read(limits.write(bundle, scores, limits.OF_CALIBRATION))
    given = np.array([[0.9, 0.1], [0.9 + 1e-7, 0.1 - 1e-7]])
    sets = conformal.prediction_sets(
        given, BINARY_CLASSES, ("malignant",), limits.conformal_scores(kept, limits.PLAIN), 0.9
    )
    assert sets.tolist() == [[True, True], [True, False]]


def test_a_changed_file_is_refused(bundle):
    written = limits.write(bundle, {"novelty/mean": np.zeros(3)}, limits.OF_SCREENING)
    written.limits_path.write_bytes(written.limits_path.read_bytes() + b"x")
    with pytest.raises(BundleError, match=r"limits .* are not the file that was exported"):
        limits.read(written)


def test_a_missing_file_is_refused(bundle):
    written = limits.write(bundle, {"novelty/mean": np.zeros(3)}, limits.OF_SCREENING)
    written.limits_path.unlink()
    with pytest.raises(BundleError, match="cannot be read"):
        limits.read(written)


def test_a_file_that_is_no_archive_is_refused(bundle):
    from ml.packaging.bundle import digest

    bundle.limits_path.write_bytes(b"PK nothing")
    with pytest.raises(BundleError, match="restore it or calibrate again"):
        limits.read(replace(bundle, limits_sha256=digest(bundle.limits_path)))
