from __future__ import annotations

import hashlib
import time
from dataclasses import replace

import numpy as np
import pytest

from ml.judging import predictor as module
from ml.judging.predictor import Predictor
from ml.judging.preprocessing import to_pixels
from ml.packaging import weights
from ml.packaging.bundle import BundleError
from tests.lesions import render
from tests.ml import tiny
from tests.ml.conftest import judge_all


@pytest.fixture
def bundle(tiny_bundle):
    return tiny_bundle


@pytest.fixture
def network(bundle):
    """Return the network of the bundle, as Keras runs it."""
    network = tiny.build()
    shapes = {variable.path: tuple(variable.shape) for variable in network.weights}
    arrays = weights.load(bundle.weights_path, shapes)
    for variable in network.weights:
        variable.assign(arrays[variable.path])
    return network


@pytest.fixture
def predictor(bundle):
    return Predictor.load(bundle)


@pytest.fixture(scope="module")
def images():
    sizes = [(40, 30), (16, 16), (31, 77), (200, 100), (5, 5)]
    return [render(seed, size) for seed, size in enumerate(sizes)]


def probabilities(judgements):
    return [judgement.malignant_probability for judgement in judgements]


def test_the_probability_is_that_of_the_keras_network(network, predictor, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    expected = network(pixels.astype(np.float32), training=False).numpy()[:, 0]
    assert len(set(expected.tolist())) == len(images)
    assert np.allclose(probabilities(judge_all(predictor, images)), expected, atol=1e-5)
    assert np.allclose(predictor.probabilities(pixels)[:, 1], expected, atol=1e-5)


def test_a_batch_gives_what_its_pictures_give_alone(predictor, images):
    alone = [judge_all(predictor, [image])[0] for image in images]
    together = judge_all(predictor, images)
    assert np.allclose(probabilities(together), probabilities(alone), atol=1e-6)


def test_the_same_picture_gives_the_same_answer(predictor, images):
    answers = {judge_all(predictor, [images[0]])[0].malignant_probability for _ in range(5)}
    assert len(answers) == 1


def test_a_picture_that_is_sent_in_twice_for_speed_gives_one_answer_the_same(predictor, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    together = predictor.examine(pixels)
    for in_pairs in (False, True):
        predictor._in_pairs = in_pairs
        assert predictor.logits(pixels[:1]).shape == (1, 1)
        assert np.allclose(predictor.logits(pixels[:1]), predictor.logits(pixels)[:1], atol=1e-6)
        for alone, among in zip(predictor.examine(pixels[:1]), together, strict=True):
            assert len(alone) == 1
            assert np.allclose(alone, among[:1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("seconds", "expected"), [({1: 0.03, 2: 0.01}, True), ({1: 0.01, 2: 0.03}, False)]
)
def test_pictures_go_in_pairs_where_two_are_faster_than_one(seconds, expected):
    slow_alone = module._is_slow_alone(lambda pixels: time.sleep(seconds[len(pixels)]), (4, 4, 3))
    assert slow_alone is expected


def test_no_picture_gives_no_judgement(predictor):
    assert judge_all(predictor, []) == []


def test_the_parts_of_a_judgement_agree(predictor, images):
    for judgement in judge_all(predictor, images):
        malignant = judgement.malignant_probability
        assert 0 <= malignant <= 1
        assert list(judgement.probabilities) == ["benign", "malignant"]
        assert judgement.probabilities["malignant"] == pytest.approx(malignant)
        assert sum(judgement.probabilities.values()) == pytest.approx(1)
        assert judgement.verdict == ("malignant" if malignant >= 0.5 else "benign")
        assert judgement.confidence == pytest.approx(judgement.probabilities[judgement.verdict])
        assert 0 < judgement.inference_ms < 10_000


def test_the_threshold_decides_the_verdict(bundle, images):
    verdicts = {}
    for threshold in (0.0, 1.0):
        judgement = judge_all(Predictor.load(replace(bundle, threshold=threshold)), images[:1])[0]
        verdicts[threshold] = judgement.verdict
        verdict = judgement.probabilities[judgement.verdict]
        assert judgement.confidence == pytest.approx(verdict)
    assert verdicts == {0.0: "malignant", 1.0: "benign"}


def test_one_graph_serves_every_number_of_pictures(predictor, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    for count in (1, 2, 3, 5):
        predictor.outputs(pixels[:count])
    assert predictor._network.experimental_get_tracing_count() == 1


def test_weights_of_another_network_are_refused(bundle):
    other = {"dense/kernel": np.zeros((2, 2), "f4")}
    weights.save(bundle.weights_path, other)
    sha256 = hashlib.sha256(bundle.weights_path.read_bytes()).hexdigest()
    with pytest.raises(BundleError, match=r"another network.*export the model again"):
        Predictor.load(replace(bundle, sha256=sha256))


def test_changed_weights_are_refused_before_tensorflow_starts(bundle, monkeypatch):
    monkeypatch.setattr(module.backend, "start", None)
    with pytest.raises(BundleError, match="not the file that was exported"):
        Predictor.load(replace(bundle, sha256="0" * 64))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_size": 32}, "another network"),
        ({"classes": ("a", "b"), "malignant": ("b",)}, "must tell"),
        ({"malignant": ("benign",)}, "must tell"),
    ],
)
def test_a_bundle_that_does_not_fit_its_architecture_is_refused(bundle, changes, message):
    with pytest.raises(BundleError, match=message):
        Predictor.load(replace(bundle, **changes))


def test_seven_diagnoses_are_named_and_their_malignant_ones_add_up(seven_bundle, images):
    for judgement in judge_all(Predictor.load(seven_bundle), images):
        probabilities = judgement.probabilities
        assert list(probabilities) == ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
        assert sum(probabilities.values()) == pytest.approx(1)
        malignant = probabilities["akiec"] + probabilities["bcc"] + probabilities["mel"]
        assert judgement.malignant_probability == pytest.approx(malignant)
        assert judgement.verdict == ("malignant" if malignant >= 0.5 else "benign")
        assert judgement.confidence == pytest.approx(max(malignant, 1 - malignant))


def test_probabilities_are_the_calibrated_ones(seven_bundle, images):
    bias = [0.0, 1.0, 0.0, 0.0, -1.0, 0.5, 0.0]
    calibrated = replace(seven_bundle, calibration={"temperature": 2.0, "bias": bias})
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    logits = Predictor.load(seven_bundle).logits(pixels)
    expected = np.exp(logits / 2 + bias)
    expected /= expected.sum(1, keepdims=True)
    found = judge_all(Predictor.load(calibrated), images)
    assert np.allclose([list(d.probabilities.values()) for d in found], expected, atol=1e-6)


def test_the_sum_of_the_malignant_diagnoses_meets_the_threshold(seven_bundle, images):
    malignant = judge_all(Predictor.load(seven_bundle), images[:1])[0].malignant_probability
    for threshold, verdict in ((malignant - 1e-3, "malignant"), (malignant + 1e-3, "benign")):
        bundle = replace(seven_bundle, threshold=threshold)
        judgement = judge_all(Predictor.load(bundle), images[:1])[0]
        assert judgement.verdict == verdict
        expected = malignant if verdict == "malignant" else 1 - malignant
        assert judgement.confidence == pytest.approx(expected)


def test_the_probability_of_malignant_is_calibrated_too(bundle, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    logits = Predictor.load(bundle).logits(pixels)[:, 0]
    calibrated = replace(bundle, calibration={"temperature": 2.0, "bias": [0.7]})
    expected = 1 / (1 + np.exp(-(logits / 2 + 0.7)))
    found = probabilities(judge_all(Predictor.load(calibrated), images))
    assert np.allclose(found, expected, atol=1e-6)


def test_a_network_with_other_answers_than_its_bundle_is_refused(seven_bundle):
    with pytest.raises(BundleError, match="belongs to another network"):
        Predictor.load(replace(seven_bundle, architecture="seven_stage"))


@pytest.fixture
def sure_of(telling_bundle):
    """Return a function that makes a predictor whose second output always has these logits."""

    def load(logits, **changes):
        arrays = weights.read(telling_bundle.weights_path)
        arrays["image_type_logit/kernel"] *= 0
        arrays["image_type_logit/bias"] = np.array(logits, np.float32)
        weights.save(telling_bundle.weights_path, arrays)
        sha256 = hashlib.sha256(telling_bundle.weights_path.read_bytes()).hexdigest()
        return Predictor.load(replace(telling_bundle, sha256=sha256, **changes))

    return load


def test_the_kinds_are_the_second_output_of_the_keras_network(telling_bundle, images):
    predictor = Predictor.load(telling_bundle)
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    _, expected = predictor.model(pixels.astype(np.float32), training=False)
    assert np.ptp(expected, axis=0).max() > 1e-3
    for found in (predictor.outputs(pixels), predictor.examine(pixels)):
        assert found.image_types == pytest.approx(np.array(expected), abs=1e-5)
        assert found.image_types.shape == (len(images), 3)


def test_a_network_without_them_has_no_probabilities_of_kinds(seven_bundle, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    predictor = Predictor.load(seven_bundle)
    for found in (predictor.outputs(pixels), predictor.examine(pixels)):
        assert found.image_types.shape == (len(images), 0)


@pytest.mark.parametrize(("logits", "kind"), [([5, 0, 0], "dermoscopic"), ([0, 5, 0], "clinical")])
def test_probabilities_and_heat_are_those_of_the_kind(sure_of, images, logits, kind):
    calibration = {"temperature": 3.0, "bias": [0.0, 1.0] + [0.0] * 6}
    own = {"calibration": calibration, "threshold": 0.0, "operating_point": {}}
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    apart = sure_of(logits, clinical=own)
    expected = sure_of(logits, calibration=calibration) if kind == "clinical" else sure_of(logits)
    assert np.allclose(apart.probabilities(pixels), expected.probabilities(pixels), atol=1e-6)
    heat = apart.examine(pixels).heat
    assert np.allclose(heat, expected.examine(pixels).heat, atol=1e-6)
    assert heat.max() > 0
    verdicts = {judgement.verdict for judgement in judge_all(apart, images)}
    if kind == "clinical":
        assert verdicts == {"malignant"}
