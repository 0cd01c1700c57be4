from __future__ import annotations

import numpy as np
from PIL import ImageEnhance

from ml.baselines import majority_class, nearest_neighbour
from ml.dataset import Sample, read_samples
from tests.lesions import render


def test_the_majority_class_is_that_of_the_training_pictures(sample):
    benign, malignant = sample("b"), sample("m", "malignant")
    pictures = [benign] * 3
    assert majority_class([benign, malignant, malignant], pictures).tolist() == [1, 1, 1]
    assert majority_class([benign, benign, malignant], pictures).tolist() == [0, 0, 0]
    assert majority_class([benign, malignant], pictures).tolist() == [0, 0, 0]


def test_a_picture_is_its_own_nearest_neighbour(training_folder):
    samples = read_samples(training_folder)
    targets = [sample.target for sample in samples]
    assert nearest_neighbour(samples, samples).tolist() == targets


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
    assert answers.tolist() == [0, 1] * 5
