from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.manifest import Sample
from ml.errors import InputError
from ml.training.batches import Batches, chances


def note(pixels, random):
    """Put a random number into the first pixel instead of augmenting."""
    changed = pixels.copy()
    changed[0, 0, 1] = random.integers(256)
    return changed


def batches(workers=2):
    pixels = np.zeros((23, 2, 2, 3), np.uint8)
    pixels[..., 0] = np.arange(23)[:, None, None]
    first = (np.arange(23) % 4 // 3).astype(np.float32)[:, None]
    second = np.arange(23, dtype=np.float32)[:, None]
    drawn = np.arange(23.0) / np.arange(23).sum()
    return Batches(pixels, [first, second], drawn, note, 5, seed=3, workers=workers)


def same(ours, theirs):
    return np.array_equal(ours[0], theirs[0]) and all(
        np.array_equal(a, b) for a, b in zip(ours[1], theirs[1], strict=True)
    )


def test_a_batch_holds_pictures_with_the_targets_of_every_output():
    pixels, (first, second) = batches().batch(7)
    shown = pixels[:, 1, 1, 0]
    assert pixels.shape == (5, 2, 2, 3)
    assert pixels.dtype == np.uint8
    assert np.array_equal(first[:, 0], shown % 4 // 3)
    assert np.array_equal(second[:, 0], shown)


def test_a_batch_depends_on_its_step_alone():
    in_order = list(batches().between(0, 12))
    assert same(in_order[9], batches(workers=1).batch(9))
    assert not same(in_order[9], in_order[10])
    resumed = list(batches().between(9, 12))
    assert len(resumed) == 3
    assert all(same(a, b) for a, b in zip(resumed, in_order[9:], strict=True))


def test_pictures_are_drawn_as_often_as_their_chances_say():
    shown = np.concatenate([pixels[:, 1, 1, 0] for pixels, _ in batches().between(0, 800)])
    counts = np.bincount(shown, minlength=23) / len(shown)
    assert np.allclose(counts, np.arange(23) / np.arange(23).sum(), atol=0.012)


def test_what_fails_while_a_batch_is_made_ends_the_training():
    def fail(pixels, random):
        raise InputError("no such picture")

    failing = Batches(np.zeros((3, 2, 2, 3), np.uint8), [], np.ones(3) / 3, fail, 2, 0, 1)
    with pytest.raises(InputError, match="no such picture"):
        next(failing.between(0, 4))


def sample(label, source="a", image_type="dermoscopic"):
    details = {"source": source, "image_type": image_type}
    return Sample(Path("/picture.png"), label, details=details)


def total(given, **chosen):
    """Return the sums of the chances by domain and label."""
    options = {"class_balance": 0.0, "coarse_weight": 1.0, "shares": None} | chosen
    found = chances(given, **options)
    assert found.sum() == pytest.approx(1)
    summed: dict = {}
    for one, chance in zip(given, found, strict=True):
        key = (one.domain, one.label)
        summed[key] = summed.get(key, 0) + chance
    return summed


MIXED = [*[sample("nv")] * 60, *[sample("mel")] * 15, *[sample("bcc", "b")] * 25]


def test_without_balance_every_picture_is_drawn_as_often():
    assert np.allclose(
        chances(MIXED, class_balance=0.0, coarse_weight=1.0, shares=None), 1 / len(MIXED)
    )


def test_classes_are_balanced_within_their_source():
    found = total(MIXED, class_balance=1.0)
    assert found["a", "nv"] == pytest.approx(found["a", "mel"])
    assert found["b", "bcc"] == pytest.approx(0.25)
    halfway = total(MIXED, class_balance=0.5)
    assert halfway["a", "nv"] / halfway["a", "mel"] == pytest.approx(2)


def test_sources_get_their_shares():
    found = total(MIXED, class_balance=0.5, shares={"a": 0.2, "b": 0.6})
    assert found["a", "nv"] + found["a", "mel"] == pytest.approx(0.25)
    assert found["b", "bcc"] == pytest.approx(0.75)


def test_kinds_of_picture_of_one_source_have_shares_of_their_own():
    given = [sample("nv"), sample("nv", image_type="clinical"), sample("nv", image_type="clinical")]
    found = total(given, shares={"a": 0.5, "a/clinical": 0.5})
    assert found == {("a", "nv"): 0.5, ("a/clinical", "nv"): pytest.approx(0.5)}


@pytest.mark.parametrize("shares", [{"a": 1.0}, {"a": 0.5, "b": 0.4, "c": 0.1}])
def test_shares_of_other_domains_than_there_are_are_refused(shares):
    with pytest.raises(InputError, match=r"Expected: \['a', 'b'\]"):
        total(MIXED, shares=shares)


def test_open_labels_count_less_beside_finer_ones():
    given = [*[sample("nv")] * 4, *[sample("benign")] * 4, *[sample("benign", "b")] * 2]
    found = total(given, coarse_weight=0.5)
    assert found["a", "benign"] / found["a", "nv"] == pytest.approx(0.5)
    assert found["b", "benign"] == pytest.approx(0.2)
