from __future__ import annotations

import numpy as np
import pytest

from ml.batches import Batches


def note(pixels, random):
    """Put a random number into the first pixel instead of augmenting."""
    changed = pixels.copy()
    changed[0, 0, 1] = random.integers(256)
    return changed


@pytest.fixture
def batches():
    pixels = np.zeros((23, 2, 2, 3), np.uint8)
    pixels[..., 0] = np.arange(23)[:, None, None]
    targets = (np.arange(23) % 4 // 3).astype(np.float32)[:, None]
    return Batches(pixels, targets, np.arange(23.0), note, batch_size=5, seed=3, workers=1)


def whole(batches, epoch):
    batches.start_epoch(epoch)
    rows = [batches[index] for index in range(len(batches))]
    return [np.concatenate(part) for part in zip(*rows, strict=True)]


def test_an_epoch_shows_every_picture_at_most_once_with_its_target_and_weight(batches):
    pixels, targets, weights = whole(batches, 0)
    shown = pixels[:, 1, 1, 0]
    assert len(batches) == 4
    assert len(set(shown.tolist())) == 20
    assert pixels.dtype == np.uint8
    assert np.array_equal(targets[:, 0], shown % 4 // 3)
    assert np.array_equal(weights, shown)


def test_an_epoch_depends_on_its_number_alone(batches):
    later, first = whole(batches, 6), whole(batches, 0)
    again = whole(batches, 6)
    assert all(np.array_equal(a, b) for a, b in zip(later, again, strict=True))
    assert not np.array_equal(first[0], later[0])


def test_a_picture_is_augmented_anew_in_every_epoch(batches):
    def drawn(epoch):
        pixels = whole(batches, epoch)[0]
        return dict(zip(pixels[:, 1, 1, 0].tolist(), pixels[:, 0, 0, 1].tolist(), strict=True))

    first, second = drawn(0), drawn(1)
    both = first.keys() & second.keys()
    assert sum(first[i] != second[i] for i in both) > len(both) / 2
