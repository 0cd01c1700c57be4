from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.measuring.image_type_metrics import SURE, called_by, choose_thresholds, shares_called
from ml.taxonomy import IMAGE_TYPES


def some(domain, image_type, rows):
    """Return pictures of one kind and domain, with these probabilities."""
    details = {"source": domain, "image_type": image_type}
    return [
        (Sample(Path(f"/{domain}/{image_type}/{index}"), "unknown", details=details), row)
        for index, row in enumerate(rows)
    ]


def together(*parts):
    pairs = [pair for part in parts for pair in part]
    rows = np.array([row for _, row in pairs], np.float32)
    return [sample for sample, _ in pairs], rows / rows.sum(1, keepdims=True)


def spread(low, high, number=200):
    """Return rows whose dermoscopic share rises from low to high, with almost nothing of other."""
    return [(share, 1 - share, 1e-4) for share in np.linspace(low, high, number)]


def others(low, high, number=200):
    return [((1 - other) / 2, (1 - other) / 2, other) for other in np.linspace(low, high, number)]


def test_kinds_that_are_far_apart_leave_room_between_them():
    samples, rows = together(
        some("one", "dermoscopic", spread(0.95, 1)),
        some("two", "clinical", spread(0, 0.05)),
        some("three", "other", others(0.9, 1)),
    )
    found = choose_thresholds(samples, rows, 0.98)
    assert (found["dermoscopic"], found["clinical"]) == (SURE, pytest.approx(1 - SURE))
    assert found["other"] == pytest.approx(0.5)
    for name, called in called_by(samples, rows, found).items():
        assert called[{"one": "dermoscopic"}.get(name, name.partition("/")[2])] == 1


def test_the_hardest_domain_is_called_by_its_name_as_often_as_promised():
    samples, rows = together(
        some("easy", "dermoscopic", spread(0.99, 1)),
        some("hard", "dermoscopic", spread(0.5, 1)),
        some("two", "clinical", spread(0, 0.3)),
        some("three", "other", others(0.3, 1)),
    )
    called = called_by(samples, rows, choose_thresholds(samples, rows, 0.98))
    assert 0.98 <= called["hard"]["dermoscopic"] < 1
    assert called["easy"]["dermoscopic"] == 1
    assert 0.98 <= called["two/clinical"]["clinical"] < 1
    assert called["three/other"]["other"] >= 0.98
    for shares in called.values():
        assert sum(shares[name] for name in (*IMAGE_TYPES, "between")) == pytest.approx(1)


def test_real_pictures_are_kept_where_both_cannot_be():
    doubtful = [(0.99 - other, 0.01, other) for other in np.linspace(0, 0.8, 200)]
    samples, rows = together(
        some("one", "dermoscopic", doubtful), some("three", "other", others(0.6, 1))
    )
    called = called_by(samples, rows, choose_thresholds(samples, rows, 0.98))
    assert 0.98 <= called["one"]["dermoscopic"] < 1
    assert called["three/other"]["other"] < 0.98


@pytest.mark.parametrize("probability", [0.6, 0.7, 0.8])
def test_a_picture_with_just_the_quantile_is_not_called_other(probability):
    real = some("one", "dermoscopic", [(1 - probability, 0, probability)] * 60)
    samples, rows = together(real, some("three", "other", others(0.9, 1)))
    called = called_by(samples, rows, choose_thresholds(samples, rows, 0.98))
    assert called["one"]["dermoscopic"] == called["three/other"]["other"] == 1


def test_kinds_that_overlap_are_parted_where_the_worst_domain_fares_best():
    samples, rows = together(
        some("one", "dermoscopic", spread(0.4, 1, 61)), some("two", "clinical", spread(0, 0.6, 61))
    )
    found = choose_thresholds(samples, rows, 0.98)
    assert found["dermoscopic"] == found["clinical"] == pytest.approx(0.5, abs=0.02)


def test_a_handful_of_pictures_chooses_no_threshold():
    samples, rows = together(
        some("one", "dermoscopic", spread(0.95, 1)),
        some("two", "clinical", spread(0, 0.05)),
        some("few", "clinical", spread(0.5, 1, 20)),
    )
    found = choose_thresholds(samples, rows, 0.98)
    assert (found["dermoscopic"], found["clinical"]) == (SURE, pytest.approx(1 - SURE))


def test_shares_are_counted_by_domain():
    samples, _ = together(
        some("one", "dermoscopic", [(1, 0, 0)] * 4), some("one", "clinical", [(1, 0, 0)] * 2)
    )
    found = shares_called(samples, ["dermoscopic", None, "other", "dermoscopic", "clinical", None])
    assert found == {
        "one": {
            "pictures": 4, "dermoscopic": 0.5, "clinical": 0, "other": 0.25, "between": 0.25,
        },
        "one/clinical": {
            "pictures": 2, "dermoscopic": 0, "clinical": 0.5, "other": 0, "between": 0.5,
        },
    }  # fmt: skip
