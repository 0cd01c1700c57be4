from __future__ import annotations

import numpy as np
from PIL import ImageEnhance

from ml.data.manifest import Sample, read_samples
from ml.measuring.baselines import majority_class, nearest_neighbour
from ml.taxonomy import DIAGNOSIS_CODES, LABELS
from tests.lesions import render


def share_of(label):
    """Return the probabilities that stand for a label."""
    return [(code in LABELS[label]) / len(LABELS[label]) for code in DIAGNOSIS_CODES]


def test_the_majority_class_is_that_of_the_training_pictures(sample):
    benign, malignant, naevus = sample("b"), sample("m", "malignant"), sample("n", "nv")
    pictures = [benign] * 3
    for training, label in (
        ([benign, malignant, malignant], "malignant"),
        ([benign, benign, malignant], "benign"),
        ([naevus, naevus, malignant], "nv"),
    ):
        assert majority_class(training, pictures).tolist() == [share_of(label)] * 3


def test_a_picture_is_its_own_nearest_neighbour(training_folder):
    samples = read_samples(training_folder)
    expected = [share_of(sample.label) for sample in samples]
    assert nearest_neighbour(samples, samples).tolist() == expected


def test_a_re_compressed_copy_finds_its_original(tmp_path):
    training = []
    for seed in range(10):
        path = tmp_path / f"{seed}.png"
        render(seed, (120, 120)).save(path)
        training.append(Sample(path, ("benign", "malignant")[seed % 2]))
    copies = []
    for seed in range(10):
        path = tmp_path / f"copy-{seed}.jpg"
        brighter = ImageEnhance.Brightness(render(seed, (120, 120))).enhance(1.01)
        brighter.resize((90, 90)).save(path, quality=60)
        copies.append(Sample(path, "benign"))
    answers = nearest_neighbour(training, copies)
    assert answers.dtype == np.float64
    assert answers.tolist() == [share_of("benign"), share_of("malignant")] * 5
