"""The heat lies where it must, for networks and lesions of which that is known."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ml.judging.explanation import (
    OPACITY,
    VIRIDIS,
    attribution,
    blurred,
    malignant_logit,
    methods,
    overlay,
)
from ml.judging.frames import Box
from ml.judging.preprocessing import to_pixels
from ml.measuring.faithfulness import blob, enlarge, measure
from tests.lesions import draw, flower

SIDE = 96


@pytest.fixture(scope="module")
def darkness():
    """Return a network for which a picture is as malignant as it is dark, and nothing else."""
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    seen = layers.Conv2D(1, 1, activation="relu", name="dark")(pixels)
    total = layers.GlobalAveragePooling2D()(seen)
    logit = layers.Dense(1, use_bias=False, name="logit")(total)
    model = keras.Model(pixels, layers.Activation("sigmoid", name="malignant")(logit))
    model.get_layer("dark").set_weights([np.full((1, 1, 3, 1), -1 / 3), np.array([128.0])])
    model.get_layer("logit").set_weights([np.ones((1, 1))])
    return model


class Darkness:
    """This has all that `measure` asks of a predictor."""

    def __init__(self, model):
        self.model = model

    def probabilities(self, pixels):
        return self.model(pixels.astype(np.float32)).numpy()

    def malignant(self, probabilities):
        return probabilities[:, 0]


CENTRES = [(0.35, 0.5), (0.65, 0.4), (0.5, 0.65)]


@pytest.fixture(scope="module")
def pictures():
    return np.stack([to_pixels(draw(flower(), 0.15, centre=place), SIDE) for place in CENTRES])


@pytest.fixture(scope="module")
def lesions(pictures):
    return (pictures.astype(float).mean(-1) < 128).reshape(-1, SIDE, SIDE)


@pytest.fixture(scope="module")
def ways(darkness):
    found = methods(darkness, "dark", lambda logits: logits[:, 0])
    return found | {"blob": lambda pixels: blob(len(pixels), SIDE)}


@pytest.mark.parametrize("name", ["grad_cam", "hires_cam", "integrated_gradients", "one_step"])
def test_every_method_is_hot_where_the_answer_comes_from(ways, pictures, lesions, name):
    heat = np.stack([enlarge(one, SIDE) for one in ways[name](pictures)])
    inside = (heat * lesions).sum((1, 2)) / heat.sum((1, 2))
    assert (inside > 0.8).all()
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    total = heat.sum((1, 2))
    middles = np.stack([(heat * x).sum((1, 2)), (heat * y).sum((1, 2))], -1) / total[:, None]
    assert np.allclose(middles, CENTRES, atol=0.03)


def test_a_faithful_map_beats_a_blob_that_never_looked(darkness, ways, pictures, lesions):
    predictor = Darkness(darkness)
    found = {
        name: measure(predictor, pictures, ways[name](pictures), lesions)
        for name in ("hires_cam", "blob")
    }
    assert (found["hires_cam"].deletion < found["blob"].deletion).all()
    assert (found["hires_cam"].insertion > found["blob"].insertion).all()
    assert (found["hires_cam"].inside > found["blob"].inside).all()


def test_a_map_without_heat_is_in_no_place(darkness, pictures, lesions):
    found = measure(Darkness(darkness), pictures, np.zeros((3, 8, 8)), lesions)
    assert np.isnan(found.inside).all()
    assert np.isfinite(found.deletion).all()


def test_a_picture_of_one_colour_differs_nowhere_from_its_blurred_copy():
    plain = tf.fill((1, SIDE, SIDE, 3), 120.0)
    assert np.allclose(blurred(plain), plain)
    assert np.allclose(attribution(tf.ones_like(plain), plain - blurred(plain)), 0)


def test_the_log_odds_are_those_of_the_summed_probabilities():
    logits = np.array([[1.0, -2, 0.5, 3], [0, 0, 0, 0]], np.float32)
    classes, malignant, temperature = ("a", "b", "c", "d"), ("b", "d"), 0.8
    odds = np.exp(logits / temperature)
    expected = np.log(odds[:, [1, 3]].sum(1) / odds[:, [0, 2]].sum(1))
    found = malignant_logit(tf.constant(logits), classes, malignant, temperature)
    assert np.allclose(found, expected, atol=1e-5)
    single = malignant_logit(tf.constant([[1.6]]), ("benign", "malignant"), ("malignant",), 0.8)
    assert np.allclose(single, 2)


def test_the_overlay_has_the_proportions_of_the_picture_and_lies_on_its_centre_square():
    heat = np.zeros((48, 48))
    heat[10:20, 30:40] = 1
    picture = overlay(heat, (800, 400)).convert("RGBA")
    assert picture.size == (256, 128)
    alpha = np.asarray(picture)[..., 3]
    assert alpha[:, :60].max() == alpha[:, 196:].max() == 0
    y, x = (np.argwhere(alpha > OPACITY / 2).mean(0) + 0.5) / 128
    assert (x - 0.5, y) == pytest.approx((35 / 48, 15 / 48), abs=0.03)
    hottest = np.asarray(picture)[alpha == OPACITY][:, :3]
    assert (hottest == VIRIDIS[-1]).all()


def test_the_overlay_lies_on_what_was_looked_at_within_a_frame():
    heat = np.zeros((48, 48))
    heat[:, :24] = 1
    picture = overlay(heat, (800, 400), Box(500, 100, 700, 400)).convert("RGBA")
    assert picture.size == (256, 128)
    y, x = np.argwhere(np.asarray(picture)[..., 3] > OPACITY / 2).T
    # The centre square of the content is 200 pixels wide; its left half is hot.
    scale = 256 / 800
    assert (x.min(), x.max() + 1) == pytest.approx((500 * scale, 600 * scale), abs=3)
    assert (y.min(), y.max() + 1) == pytest.approx((150 * scale, 350 * scale), abs=3)


@pytest.mark.parametrize("heat", [np.zeros((8, 8)), np.full((8, 8), np.nan), np.full((8, 8), -1.0)])
def test_without_heat_there_is_no_overlay(heat):
    assert overlay(heat, (100, 100)) is None


def test_one_hot_pixel_does_not_dim_the_rest():
    heat = np.ones((48, 48))
    heat[0, 0] = 1e9
    assert np.median(np.asarray(overlay(heat, (96, 96)).convert("RGBA"))[..., 3]) == OPACITY


def test_viridis_grows_lighter_all_the_way():
    luma = np.array(VIRIDIS) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luma) > 0).all()
