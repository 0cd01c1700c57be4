"""A shipped bundle answers as its network did in training: see `ml.training.expected`."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageOps

from ml.judging import analysis
from ml.judging.predictor import Predictor
from ml.packaging.bundle import available, digest, find
from ml.training.expected import PICTURES
from tests.ml.conftest import judge_all

#: An answer may be off by this much. 8-bit weights and other processors differ less.
TOLERANCE = 1e-3
SHIPPED = pytest.mark.parametrize("bundle", available(), ids=lambda bundle: bundle.name)
NAMES = sorted(path.name for path in PICTURES.glob("*.png"))


@pytest.fixture(scope="module")
def load():
    """Return a function that loads the predictor of a bundle, once for all tests here."""
    return cache(lambda name: Predictor.load(find(name)))


def expected(bundle):
    kept = json.loads(bundle.expected_path.read_text())["pictures"]
    assert sorted(kept) == NAMES
    return np.array([[kept[name]["probabilities"][c] for c in bundle.classes] for name in NAMES])


def served(predictor):
    images = []
    for name in NAMES:
        with Image.open(PICTURES / name) as image:
            image.load()
        images.append(image)
    return np.array([list(found.probabilities.values()) for found in judge_all(predictor, images)])


@SHIPPED
def test_a_worker_answers_as_the_network_did_in_training(bundle, load):
    assert served(load(bundle.name)) == pytest.approx(expected(bundle), abs=TOLERANCE)


@SHIPPED
def test_a_worker_tells_the_kinds_of_picture_as_the_network_did_in_training(bundle, load):
    kept = json.loads(bundle.expected_path.read_text())["pictures"]
    predictor = load(bundle.name)
    pixels = []
    for name in NAMES:
        with Image.open(PICTURES / name) as image:
            pixels.append(analysis.to_pixels(image, bundle.input_size))
    told = predictor.outputs(np.stack(pixels)).image_types
    wanted = [
        [kept[name].get("image_types", {}).get(t) for t in bundle.image_types] for name in NAMES
    ]
    assert told == pytest.approx(np.array(wanted, float), abs=TOLERANCE)
    judged_as = [kept[name].get("judged_as", "dermoscopic") for name in NAMES]
    assert predictor.judge_as(told) == judged_as


@SHIPPED
def test_the_expectations_are_those_of_these_weights_and_pictures(bundle):
    kept = json.loads(bundle.expected_path.read_text())
    assert kept["weights_sha256"] == bundle.sha256
    assert {name: kept["pictures"][name]["sha256"] for name in NAMES} == {
        name: digest(PICTURES / name) for name in NAMES
    }
    assert kept["origin"]


def squashed(image, size):
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))


def nearest(image, size):
    square = ImageOps.fit(image, (min(image.size),) * 2)
    return np.asarray(square.resize((size, size), Image.Resampling.NEAREST))


def blue_first(image, size):
    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC))[..., ::-1]


@SHIPPED
@pytest.mark.parametrize("read", [squashed, nearest, blue_first])
def test_pictures_that_are_read_otherwise_are_noticed(bundle, load, read, monkeypatch):
    predictor = load(bundle.name)
    monkeypatch.setattr(analysis, "to_pixels", read)
    assert np.abs(served(predictor) - expected(bundle)).max() > TOLERANCE


@SHIPPED
def test_weights_that_are_not_those_of_the_network_are_noticed(bundle, load):
    predictor = load(bundle.name)
    bias = predictor.model.get_layer("logit").weights[1]
    trained = bias.numpy()
    try:
        bias.assign(trained + np.linspace(0.02, 0.1, bias.shape[0]))
        assert np.abs(served(predictor) - expected(bundle)).max() > TOLERANCE
    finally:
        bias.assign(trained)
