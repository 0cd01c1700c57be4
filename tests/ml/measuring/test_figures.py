from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.measuring import figures
from ml.measuring.answers import Answers, describe
from ml.taxonomy import DIAGNOSIS_CODES


@pytest.fixture
def answers():
    return Answers(np.random.default_rng(0).dirichlet(np.ones(7), 70))


def test_a_set_with_diagnoses_gets_every_figure(sample, answers, tmp_path):
    test = describe([sample(f"{i}", DIAGNOSIS_CODES[i % 7]) for i in range(70)], [], None)
    paths = figures.draw(test, answers, tmp_path / "figures")
    assert sorted(path.name for path in paths) == [
        "confusion.png",
        "precision-recall.png",
        "reliability.png",
        "roc.png",
    ]
    for path in paths:
        with Image.open(path) as image:
            assert np.asarray(image.convert("L")).std() > 10
        assert path.stat().st_size < 120_000


def test_the_same_answers_give_the_same_files(sample, answers, tmp_path):
    test = describe([sample(f"{i}", DIAGNOSIS_CODES[i % 7]) for i in range(70)], [], None)
    for first, second in zip(
        figures.draw(test, answers, tmp_path / "a"),
        figures.draw(test, answers, tmp_path / "b"),
        strict=True,
    ):
        assert first.read_bytes() == second.read_bytes()


def test_labels_of_one_kind_have_no_curve(sample, answers, tmp_path):
    test = describe([sample(f"{i}") for i in range(70)], [], None)
    drawn = {path.name for path in figures.draw(test, answers, tmp_path)}
    assert "confusion.png" not in drawn
    malignant = Answers(np.tile([0.4, 0.6], (70, 1)))
    assert figures.draw(test, malignant, tmp_path / "binary") == []
