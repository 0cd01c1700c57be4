from __future__ import annotations

import numpy as np

from ml.measuring.oddities import KINDS, SIZE, oddities


def test_every_kind_is_made_as_often_as_asked_for():
    made = oddities(3, seed=0)
    assert made.keys() == KINDS.keys()
    for images in made.values():
        assert len(images) == 3
        assert {image.size for image in images} == {SIZE}
        assert {image.mode for image in images} == {"RGB"}


def test_the_same_seed_makes_the_same_pictures_and_another_others():
    first, again, other = (
        [np.asarray(image) for kind in oddities(2, seed).values() for image in kind]
        for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert all((a != b).any() for a, b in zip(first, other, strict=True))
