from __future__ import annotations

import pytest

from ml.measuring.screening import IMAGE_TYPE, Candidate, best_in_addition


def candidate(method, rejected, accepted, both=None):
    return Candidate(method, "", {}, 0.0, 0.9, rejected, accepted, both)


ALONE = candidate(IMAGE_TYPE, 0.90, 0.99)


@pytest.mark.parametrize(
    ("both", "chosen"),
    [
        # The other way refuses eight of a hundred more, at the cost of one.
        ((0.98, 0.98), "energy"),
        # One in two hundred may be chance.
        ((0.905, 0.99), None),
        # These refuse one more at the cost of one, or of three, or none more at no cost.
        ((0.91, 0.98), None),
        ((0.91, 0.96), None),
        ((0.90, 0.99), None),
    ],
)
def test_another_way_stays_only_where_it_refuses_more_than_it_costs(both, chosen):
    ways = [candidate("energy", 0.8, 0.98, both), candidate("mahalanobis", 0.9, 0.9, (0.9, 0.9))]
    best = best_in_addition(ALONE, ways)
    assert (best and best.method) == chosen


def test_the_way_that_is_worth_most_beside_it_stays():
    ways = [
        candidate("energy", 0.97, 0.9, (0.98, 0.90)),
        candidate("mahalanobis", 0.5, 0.99, (0.95, 0.99)),
    ]
    assert best_in_addition(ALONE, ways).method == "mahalanobis"
