from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.measuring.mix import weigh


def pictures(**labels: str) -> np.ndarray:
    """Make pictures of each domain, ``m`` malignant, ``b`` benign and ``u`` of neither known."""
    names = {"m": "mel", "b": "nv", "u": "unknown"}
    found = np.empty(sum(map(len, labels.values())), object)
    found[:] = [
        Sample(Path(f"/{domain}/{index}"), names[label], details={"source": domain})
        for domain, letters in labels.items()
        for index, label in enumerate(letters)
    ]
    return found


def sums(samples, weights):
    """Return how much each domain counts, and the malignant share of each and of all."""
    domains = np.array([sample.source for sample in samples])
    malignant = np.array([sample.label == "mel" for sample in samples])
    total = {name: float(weights[domains == name].sum()) for name in sorted(set(domains))}
    share = {
        name: float(weights[(domains == name) & malignant].sum() / size)
        for name, size in total.items()
        if size
    }
    return total, share, float(weights[malignant].sum() / weights.sum())


def test_without_a_mix_every_picture_of_a_known_kind_counts_the_same():
    samples = pictures(one="mmbu", two="b")
    assert weigh(samples, {}, None).tolist() == [1, 1, 1, 0, 1]


def test_every_domain_has_the_stated_share_of_malignant_pictures():
    samples = pictures(one="mmmb", two="mbbbbb")
    total, share, of_all = sums(samples, weigh(samples, {}, 0.2))
    assert total == pytest.approx({"one": 4, "two": 6})
    assert share == pytest.approx({"one": 0.2, "two": 0.2})
    assert of_all == pytest.approx(0.2)


def test_a_domain_counts_as_its_weight_says_however_many_pictures_it_has():
    samples = pictures(one="mb", two="mmmbbb", three="mb")
    weights = weigh(samples, {"one": 3.0, "two": 1.0}, 0.25)
    total, share, of_all = sums(samples, weights)
    assert total["one"] / total["two"] == pytest.approx(3)
    assert total["three"] == 0
    assert share == pytest.approx({"one": 0.25, "two": 0.25})
    assert of_all == pytest.approx(0.25)
    assert weights.sum() == pytest.approx(8)


def test_a_domain_of_one_kind_alone_leaves_the_share_of_all_as_stated():
    samples = pictures(one="mmbb", two="bbbb")
    total, _, of_all = sums(samples, weigh(samples, {}, 0.2))
    assert of_all == pytest.approx(0.2)
    assert total["two"] > 0
