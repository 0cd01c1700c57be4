from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from ml import predictor as module
from ml import weights
from ml.bundle import Bundle, BundleError
from ml.predictor import Predictor
from ml.preprocessing import to_pixels
from tests.lesions import render
from tests.ml import tiny


@pytest.fixture
def network(tiny_network):
    import keras

    keras.utils.set_random_seed(5)
    return tiny.build()


@pytest.fixture
def bundle(network, tmp_path):
    path = tmp_path / "weights.npz"
    weights.save(path, {variable.path: variable.numpy() for variable in network.weights})
    return Bundle(
        directory=tmp_path,
        name="tiny",
        version="1.0.0",
        architecture="seven_stage",
        input_size=tiny.SIZE,
        classes=("benign", "malignant"),
        malignant=("malignant",),
        threshold=0.5,
        weights="weights.npz",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        training={},
        data={},
        metrics={},
        created="2026-01-01T00:00:00+00:00",
    )


@pytest.fixture
def predictor(bundle):
    return Predictor.load(bundle)


@pytest.fixture(scope="module")
def images():
    sizes = [(40, 30), (16, 16), (31, 77), (200, 100), (5, 5)]
    return [render(seed, size) for seed, size in enumerate(sizes)]


def probabilities(diagnoses):
    return [diagnosis.malignant_probability for diagnosis in diagnoses]


def test_the_probability_is_that_of_the_keras_network(network, predictor, images):
    pixels = np.stack([to_pixels(image, tiny.SIZE) for image in images])
    expected = network(pixels.astype(np.float32), training=False).numpy()[:, 0]
    assert len(set(expected.tolist())) == len(images)
    assert np.allclose(probabilities(predictor.predict(images)), expected, atol=1e-5)
    assert np.allclose(predictor.probabilities(pixels), expected, atol=1e-5)


def test_a_batch_gives_what_its_pictures_give_alone(predictor, images):
    alone = [predictor.predict([image])[0] for image in images]
    together = predictor.predict(images)
    assert np.allclose(probabilities(together), probabilities(alone), atol=1e-6)


def test_more_pictures_than_one_call_takes_stay_in_order(predictor, images, monkeypatch):
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    expected = probabilities(predictor.predict([image])[0] for image in images)
    assert np.allclose(probabilities(predictor.predict(images)), expected, atol=1e-6)


def test_the_same_picture_gives_the_same_answer(predictor, images):
    answers = {predictor.predict([images[0]])[0].malignant_probability for _ in range(5)}
    assert len(answers) == 1


def test_no_picture_gives_no_diagnosis(predictor):
    assert predictor.predict([]) == []


def test_the_parts_of_a_diagnosis_agree(predictor, images):
    for diagnosis in predictor.predict(images):
        malignant = diagnosis.malignant_probability
        assert 0 <= malignant <= 1
        assert list(diagnosis.probabilities) == ["benign", "malignant"]
        assert diagnosis.probabilities["malignant"] == malignant
        assert sum(diagnosis.probabilities.values()) == pytest.approx(1)
        assert diagnosis.verdict == ("malignant" if malignant >= 0.5 else "benign")
        assert diagnosis.confidence == diagnosis.probabilities[diagnosis.verdict]
        assert 0 < diagnosis.inference_ms < 10_000


def test_the_threshold_decides_the_verdict(bundle, images):
    verdicts = {}
    for threshold in (0.0, 1.0):
        diagnosis = Predictor.load(replace(bundle, threshold=threshold)).predict(images[:1])[0]
        verdicts[threshold] = diagnosis.verdict
        assert diagnosis.confidence == diagnosis.probabilities[diagnosis.verdict]
    assert verdicts == {0.0: "malignant", 1.0: "benign"}


def test_one_graph_serves_every_number_of_pictures(predictor, images):
    for count in (1, 2, 3, 5):
        predictor.predict(images[:count])
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
        ({"input_size": 32}, "input_size must be 16"),
        ({"classes": ("a", "b"), "malignant": ("b",)}, "must tell"),
        ({"malignant": ("benign",)}, "must tell"),
    ],
)
def test_a_bundle_that_does_not_fit_its_architecture_is_refused(bundle, changes, message):
    with pytest.raises(BundleError, match=message):
        Predictor.load(replace(bundle, **changes))
