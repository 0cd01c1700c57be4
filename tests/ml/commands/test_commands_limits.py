"""The command line shows what a network does not know: calibrate, screen, audit, explain."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml import architectures, card
from ml.commands import audit, screen
from ml.judging import limits
from ml.measuring import evaluation
from ml.measuring.degradations import DEGRADATIONS
from ml.measuring.oddities import KINDS, oddities
from ml.measuring.shares import share_of
from ml.packaging.bundle import Bundle
from ml.taxonomy import SEVEN_CODES
from tests.ml import tiny
from tests.ml.commands.conftest import command
from tests.ml.conftest import export, write_diagnoses


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        patch.setattr(evaluation, "RESAMPLES", 20)
        for module, number in ((screen, 4), (audit, 4)):
            patch.setattr(module, "GENERATED", number)
        patch.setattr(audit, "DEGRADED", 4)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("limits")


@pytest.fixture(scope="module")
def data(folder) -> Path:
    """Return pictures that are large enough to judge."""
    return write_diagnoses(folder / "set", 4, SEVEN_CODES, seed=50, size=(320, 240))


@pytest.fixture(scope="module")
def strange(folder) -> Path:
    directory = folder / "strange"
    directory.mkdir()
    for name, images in oddities(2, seed=7).items():
        for index, image in enumerate(images):
            image.save(directory / f"{name}-{index}.png")
    return directory


@pytest.fixture(scope="module")
def bundle(folder, data, strange) -> Bundle:
    directory = folder / "bundle"
    directory.mkdir()
    export(directory, "efficientnet_lite0", SEVEN_CODES)
    command("calibrate", "--bundle", directory, "--data", data)
    options = ["--training-data", data, "--data", data, "--accept", 0.95]
    options += ["--exposed", strange, "--strange", strange]
    command("screen", "--bundle", directory, *options)
    options = ["--data", data, "--strange", strange, "--output", folder / "audit.json", "--record"]
    command("audit", "--bundle", directory, *options)
    command("explain", "--bundle", directory, "--data", data, "--pictures", 12, "--record")
    return Bundle.read(directory)


def test_calibrating_keeps_a_score_of_every_picture_for_both_ways_to_answer(bundle):
    found = limits.read(bundle)
    for answer in (limits.PLAIN, limits.AVERAGED):
        scores = limits.conformal_scores(found, answer)
        assert {group: len(values) for group, values in scores.items()} == {
            "benign": 4 * 4,
            "malignant": 3 * 4,
        }
        for values in scores.values():
            assert (np.diff(values) >= 0).all()
            assert 0 <= values[0] <= values[-1] <= 1


def test_calibrating_on_labels_that_leave_the_diagnosis_open_promises_no_sets(
    bundle, test_folder, tmp_path
):
    shutil.copytree(bundle.directory, tmp_path, dirs_exist_ok=True)
    command("calibrate", "--bundle", tmp_path, "--data", test_folder)
    found = limits.read(Bundle.read(tmp_path))
    for answer in (limits.PLAIN, limits.AVERAGED):
        assert limits.conformal_scores(found, answer) == {}
    assert limits.novelty_arrays(found).keys() == limits.novelty_arrays(limits.read(bundle)).keys()


def test_screening_compares_every_score_and_keeps_the_best_of_those_it_can_serve(bundle):
    compared = bundle.novelty["compared"]
    assert {(way["method"], way["layers"]) for way in compared} == {
        ("mahalanobis", "middle"),
        ("mahalanobis", "last"),
        ("nearest_neighbours", "middle"),
        ("nearest_neighbours", "last"),
        ("outlier_exposure", "middle"),
        ("outlier_exposure", "last"),
        ("energy", ""),
    }
    best = next(way for way in compared if way["layers"] != "last")
    assert bundle.novelty["method"] == best["method"]
    others = 2 * len(KINDS) + 4 * len(KINDS)
    assert (bundle.novelty["real"], bundle.novelty["strange"]) == (28, others)
    assert bundle.novelty["exposed"] == others
    served = max(way["rejected"] for way in compared if way["layers"] != "last")
    assert best["rejected"] == served


def test_the_audit_counts_every_kind_of_picture(bundle, folder):
    written = json.loads((folder / "audit.json").read_text())
    recorded = bundle.metrics["screening"]
    assert recorded == {name: written[name] for name in recorded}
    assert recorded["accepted"].keys() == {"collection"}
    assert recorded["rejected"].keys() == {"photographs", *KINDS}
    assert recorded["rejected"]["plain colours"]["value"] == 1
    assert recorded["degraded"].keys() == DEGRADATIONS.keys()
    thumbnails = recorded["degraded"]["thumbnail of 40 pixels"]
    assert thumbnails["right"]["value"] == thumbnails["rejected"]["value"] == 1
    accepted = recorded["accepted"]["collection"]["value"]
    refused = sum(recorded["reasons"]["collection"].values())
    assert accepted == pytest.approx(1 - refused / 28)
    assert written["measures"].keys() == {"as they are", *DEGRADATIONS}


def test_an_interval_of_a_share_holds_it_and_stays_within_0_and_1():
    for count, total in ((0, 10), (10, 10), (3, 10), (980, 1000)):
        share = share_of(count, total)
        assert 0 <= share["low"] <= share["value"] <= share["high"] <= 1
        assert share["low"] < share["high"]
    # This is Wilson's interval of 81 of 263 as Newcombe (1998) gives it.
    assert share_of(81, 263) == pytest.approx(
        {"value": 0.3080, "low": 0.2553, "high": 0.3662}, abs=1e-4
    )


def test_heat_maps_are_measured_beside_others_and_a_blob(bundle):
    found = bundle.metrics["explanation"]
    assert found["methods"].keys() == {
        "grad_cam",
        "hires_cam",
        "integrated_gradients",
        "one_step",
        "centre_blob",
    }
    assert found["pictures"] == 12
    assert 0 < found["clear"] <= 12
    for scores in found["methods"].values():
        for score in scores.values():
            assert score["low"] <= score["value"] <= score["high"]


def test_all_of_it_stands_in_the_card(bundle):
    text = card.render(bundle)
    screening = bundle.metrics["screening"]
    for score in (
        screening["accepted"]["collection"],
        screening["rejected"]["photographs"],
        bundle.metrics["explanation"]["methods"]["one_step"]["inside"],
    ):
        assert f"{score['value']:.3f} ({score['low']:.3f} to {score['high']:.3f})" in text


def test_a_folder_without_pictures_is_refused(bundle, data, tmp_path, refused):
    options = ["--data", data, "--strange", tmp_path, "--output", tmp_path / "audit.json"]
    sentence = refused("audit", "--bundle", bundle.directory, *options)
    assert "holds no picture; give a folder with pictures" in sentence
