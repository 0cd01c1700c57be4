from __future__ import annotations

import numpy as np
import pytest

from ml.judging.novelty import energy, mahalanobis, nearest_neighbours
from ml.measuring.novelty_fitting import accepting, fit_exposure, fit_whitening


@pytest.fixture(scope="module")
def features():
    """Return 20 features of known pictures, which go together and have very different scales."""
    random = np.random.default_rng(0)
    return (random.normal(size=(3000, 8)) @ random.normal(size=(8, 20))) * np.logspace(-3, 3, 20)


def test_whitened_features_have_no_mean_no_correlation_and_unit_variance(features):
    whitened = fit_whitening(features)(features)
    assert whitened.shape == (3000, 8)  # the 20 features are made of 8
    assert np.allclose(whitened.mean(0), 0, atol=1e-2)
    assert np.allclose(np.cov(whitened.T), np.eye(8), atol=2e-2)


def test_no_more_components_are_kept_than_asked_for(features):
    assert fit_whitening(features, 3)(features).shape == (3000, 3)


def test_the_distance_is_that_of_mahalanobis(features):
    whitening = fit_whitening(features[:, :6])
    assert fit_whitening(features[:, :6], None)(features[:, :6]).shape == (3000, 6)
    expected = np.linalg.inv(np.cov(features[:, :6].T, bias=True))
    centred = features[:50, :6] - features[:, :6].mean(0)
    distance = np.sqrt(np.einsum("ni,ij,nj->n", centred, expected, centred))
    assert np.allclose(mahalanobis(whitening(features[:50, :6])), distance, rtol=1e-2)


def test_what_is_unlike_the_known_pictures_is_stranger_by_every_distance(features):
    random = np.random.default_rng(1)
    whitening = fit_whitening(features)
    known, references = whitening(features[:500]), whitening(features[500:])
    strange = whitening(features[:500] + random.normal(size=20) * 5 * features.std(0))
    for score in (mahalanobis, lambda points: nearest_neighbours(points, references)):
        assert np.quantile(score(known), 0.99) < np.median(score(strange))


def test_exposure_parts_known_pictures_from_others_it_never_saw(features):
    random = np.random.default_rng(3)
    away = features.std(0) * random.normal(size=20)
    others = features[random.permutation(3000)] + away
    exposure = fit_exposure(features[:2000], others[:200])
    assert exposure.mean.dtype == exposure.direction.dtype == exposure.offset.dtype == np.float32
    known, strange = exposure(features[2000:]), exposure(others[200:])
    assert known.shape == (1000,)
    assert (known < 0).mean() > 0.85
    assert (strange > 0).mean() > 0.85
    # Both count the same, however few others there were.
    assert np.median(known) == pytest.approx(-np.median(strange), abs=1)


def test_the_neighbour_that_counts_is_the_fifth():
    references = np.array([[0.0], [1], [2], [3], [4], [5]])
    assert nearest_neighbours(np.array([[0.0]]), references) == pytest.approx([4])
    assert nearest_neighbours(np.array([[0.0]]), references[:2]) == pytest.approx([1])


def test_energy_is_low_where_the_network_is_sure():
    sure, unsure = energy(np.array([[9.0, 0, 0], [1.0, 0, 0]]), 1.0)
    assert sure < unsure
    assert energy(np.array([[2.0, 4, 6]]), 2.0) == pytest.approx(-np.log(np.exp([1, 2, 3]).sum()))
    assert energy(np.array([[1.5]]), 1.0) == pytest.approx(-np.log(1 + np.exp(1.5)))


def test_energy_does_not_overflow():
    assert np.isfinite(energy(np.array([[1e4, -1e4], [-1e4, -1e4]]), 1.0)).all()


def test_the_threshold_accepts_the_share_of_every_source():
    random = np.random.default_rng(2)
    scores = np.concatenate([random.normal(0, 1, 1000), random.normal(5, 2, 300)])
    sources = np.repeat(["near", "far"], [1000, 300])
    threshold = accepting(scores, sources, 0.98)
    shares = {name: (scores[sources == name] <= threshold).mean() for name in ("near", "far")}
    assert shares["far"] == pytest.approx(0.98, abs=0.005)
    assert shares["near"] >= 0.98
